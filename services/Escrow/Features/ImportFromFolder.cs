using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Tendering.Escrow.Data;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>
/// Takes the files that the bank leaves in a folder (<c>Escrow:StatementFolder</c>), as over SFTP: each *.xml is imported as over HTTP and moved to
/// done or refused, with its report or the reason beside it; finance finds what was refused in a list. What fails for another reason stays, is tried again while the others go on,
/// and is set aside when it has failed three times. The bank writes under another name and renames when it is whole.
/// </summary>
public sealed partial class ImportFromFolder(IConfiguration configuration, IServiceScopeFactory scopes, BankSettings bank, TimeProvider clock, ILogger<ImportFromFolder> log) : BackgroundService
{
    private const int AttemptsMax = 3, ReasonLengthMax = 2_000;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);
    private readonly Dictionary<string, int> _failed = [];

    private sealed record Refusal(string Code, string Message, string? Field, string Hash);

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
            try
            {
                await TakeAsync(folder, path, ct);
                _failed.Remove(path);
            }
            // Without a database none can be taken: no fault of the file.
            catch (Exception e) when (!ct.IsCancellationRequested && !ProblemHandler.IsDatabaseAway(e)) { await FailAsync(folder, path, e, ct); }
        }
    }

    private async Task TakeAsync(string folder, string path, CancellationToken ct)
    {
        var hash = "";
        try
        {
            await using var content = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 81_920, FileOptions.Asynchronous);
            var bytes = content.Length <= ImportBankFile.BytesMax ? await ImportBankFile.ReadAsync(content, ct) : null;
            Rule.Require(bytes is not null, "too-large", $"A file of the bank may have at most {ImportBankFile.BytesMax / 1024 / 1024} MiB. Nothing was booked.");
            hash = Convert.ToHexStringLower(bytes!);
            await using var scope = scopes.CreateAsyncScope();
            var (report, _) = await ImportBankFile.ImportAsync(content, bytes!, "folder", scope.ServiceProvider.GetRequiredService<EscrowDb>(), bank, clock.GetUtcNow(), ct);
            await MoveAsync(folder, path, "done", report, ct);
        }
        catch (RuleBrokenException refused) { await RefuseAsync(folder, path, new Refusal(refused.Code, refused.Message, null, hash), ct); }
        catch (MalformedException malformed) { await RefuseAsync(folder, path, new Refusal("malformed", malformed.Message, malformed.Field, hash), ct); }
    }

    private async Task FailAsync(string folder, string path, Exception e, CancellationToken ct)
    {
        var attempts = _failed[path] = _failed.GetValueOrDefault(path) + 1;
        LogFailed(log, Path.GetFileName(path), e.GetType().Name, attempts);
        if (attempts < AttemptsMax) return;
        try
        {
            // Another file of the same name that fails later is told too.
            var unread = $"unread {File.GetLastWriteTimeUtc(path):O}";
            await RefuseAsync(folder, path, new Refusal("fault", $"It could not be taken, {attempts} times ({e.GetType().Name}): show it to the operator. When the fault is mended, put it into the folder again.", null, unread), ct);
            _failed.Remove(path);
        }
        // It cannot even be moved: it stays, and keeps nobody from going on.
        catch (Exception again) when (!ct.IsCancellationRequested && !ProblemHandler.IsDatabaseAway(again)) { LogFailed(log, Path.GetFileName(path), again.GetType().Name, attempts); }
    }

    // First told to finance, then moved: what is killed in between is told once all the same.
    private async Task RefuseAsync(string folder, string path, Refusal refusal, CancellationToken ct)
    {
        var name = Path.GetFileName(path);
        var reason = refusal.Field is null ? refusal.Message : $"{refusal.Field}: {refusal.Message}";
        if (reason.Length > ReasonLengthMax) reason = reason[..ReasonLengthMax];
        await using (var scope = scopes.CreateAsyncScope())
            await scope.ServiceProvider.GetRequiredService<EscrowDb>().Database.ExecuteSqlAsync($"""
                insert into refused_bank_file (name, hash, code, reason, refused_at) values ({name}, {refusal.Hash}, {refusal.Code}, {reason}, {clock.GetUtcNow().ToUniversalTime()}) on conflict do nothing
                """, ct);
        await MoveAsync(folder, path, "refused", new { refusal.Code, refusal.Field, refusal.Message }, ct);
        LogRefused(log, name, refusal.Code);
    }

    // A bank may give each day's file the same name: the earlier ones stay.
    private static async Task MoveAsync(string folder, string path, string place, object report, CancellationToken ct)
    {
        var target = Path.Combine(folder, place, Path.GetFileName(path));
        if (File.Exists(target)) target = Path.Combine(folder, place, $"{Path.GetFileNameWithoutExtension(path)}.{Guid.CreateVersion7():N}{Path.GetExtension(path)}");
        await File.WriteAllTextAsync(target + ".json", JsonSerializer.Serialize(report, Outbox.Json), ct);
        File.Move(path, target);
    }

    [LoggerMessage(LogLevel.Warning, "The folder of the bank's files could not be worked through ({Kind}); it is tried again.")]
    private static partial void LogRetry(ILogger log, string kind);

    [LoggerMessage(LogLevel.Error, "The bank's file {Name} could not be taken ({Kind}, attempt {Attempt}); the others go on.")]
    private static partial void LogFailed(ILogger log, string name, string kind, int attempt);

    [LoggerMessage(LogLevel.Warning, "The bank's file {Name} was refused ({Code}); nothing of it was booked.")]
    private static partial void LogRefused(ILogger log, string name, string code);
}
