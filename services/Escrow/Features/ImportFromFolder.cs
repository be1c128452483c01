using System.Text.Json;
using Tendering.Escrow.Data;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>
/// Takes the files that the bank leaves in a folder (<c>Escrow:StatementFolder</c>), as over SFTP: each *.xml is imported as over HTTP and moved to
/// done or refused, with its report or the reason beside it. What fails for another reason stays and is tried again. The bank writes under
/// another name and renames when it is whole.
/// </summary>
public sealed partial class ImportFromFolder(IConfiguration configuration, IServiceScopeFactory scopes, BankSettings bank, TimeProvider clock, ILogger<ImportFromFolder> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (configuration["Escrow:StatementFolder"] is not { Length: > 0 } folder) return;
        while (!stoppingToken.IsCancellationRequested)
        {
            try { await TakeAllAsync(folder, stoppingToken); }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) { LogRetry(log, e.GetType().Name); }
            await Task.Delay(Every, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task TakeAllAsync(string folder, CancellationToken ct)
    {
        foreach (var name in new[] { "done", "refused" }) Directory.CreateDirectory(Path.Combine(folder, name));
        foreach (var path in Directory.EnumerateFiles(folder, "*.xml").Order(StringComparer.Ordinal).ToList())
        {
            var (place, report) = await TakeAsync(path, ct);
            var target = Path.Combine(folder, place, Path.GetFileName(path));
            await File.WriteAllTextAsync(target + ".json", JsonSerializer.Serialize(report, Outbox.Json), ct);
            File.Move(path, target, overwrite: true);
        }
    }

    private async Task<(string Place, object Report)> TakeAsync(string path, CancellationToken ct)
    {
        try
        {
            await using var content = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 81_920, FileOptions.Asynchronous);
            var hash = content.Length <= ImportBankFile.BytesMax ? await ImportBankFile.ReadAsync(content, ct) : null;
            Rule.Require(hash is not null, "too-large", $"A file of the bank may have at most {ImportBankFile.BytesMax / 1024 / 1024} MiB. Nothing was booked.");
            await using var scope = scopes.CreateAsyncScope();
            return ("done", (await ImportBankFile.ImportAsync(content, hash!, "folder", scope.ServiceProvider.GetRequiredService<EscrowDb>(), bank, clock.GetUtcNow(), ct)).Response);
        }
        catch (RuleBrokenException refused) { return ("refused", new { refused.Code, refused.Message }); }
        catch (MalformedException malformed) { return ("refused", new { Code = "malformed", malformed.Field, malformed.Message }); }
    }

    [LoggerMessage(LogLevel.Warning, "The folder of the bank's files could not be worked through ({Kind}); it is tried again.")]
    private static partial void LogRetry(ILogger log, string kind);
}
