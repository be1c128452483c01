using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tendering.Contracts;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Escrow.Features;
using Tendering.Escrow.Tests.Domain.Camt;
using Tendering.Testing;

namespace Tendering.Escrow.Tests.Features;

public sealed class ImportFromFolderTests(EscrowHost host) : IClassFixture<EscrowHost>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("bank-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private sealed class Lines : ILogger<ImportFromFolder>
    {
        public List<string> Written { get; } = [];
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
        public bool IsEnabled(LogLevel logLevel) => true;
        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) { lock (Written) Written.Add(formatter(state, exception)); }
    }

    private async Task<Lines> WorkUntilEmptyAsync()
    {
        var log = new Lines();
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["Escrow:StatementFolder"] = _folder }).Build();
        using var service = new ImportFromFolder(configuration, host.Services.GetRequiredService<IServiceScopeFactory>(), host.Services.GetRequiredService<BankSettings>(), host.Clock, log);
        await service.StartAsync(default);
        await ServiceFixture.EventuallyAsync(() => Task.FromResult(Directory.GetFiles(_folder, "*.xml").Length == 0), "the folder to be empty");
        await service.StopAsync(default);
        return log;
    }

    private async Task<string> PutAsync(string name, string text)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, name), text);
        return name;
    }

    private async Task<GetBankFile.Refused[]> RefusedAsync() => await EscrowHost.ReadAsync<GetBankFile.Refused[]>(await host.As(Roles.Finance).GetAsync("/api/escrow/bank-files/refused"));

    private string Reason(string name) => JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder, "refused", name + ".json"))).RootElement.GetProperty("code").GetString()!;

    [Fact]
    public async Task One_bad_file_is_set_aside_by_name_with_its_reason_and_those_behind_it_are_taken()
    {
        var lot = await host.PublishAsync();
        var (first, last) = (host.NoticeOf(lot, await host.RegisterAsync(lot)), host.NoticeOf(lot, await host.RegisterAsync(lot)));
        string Notice(BankNotice notice) => new CamtText(false, 8, notice.Line) { CreatedAt = EscrowHost.Text(host.Clock.GetUtcNow()) };
        await PutAsync("a-good.xml", Notice(first));
        // Nobody can open it: a fault, of the file or of the machine, and no answer of ours.
        File.CreateSymbolicLink(Path.Combine(_folder, "b-unreadable.xml"), Path.Combine(_folder, "nothing"));
        await PutAsync("c-malformed.xml", "<Document");
        await PutAsync("d-known.xml", Notice(first with { Amount = first.Amount + 1 }));
        await PutAsync("e-good.xml", Notice(last));
        await PutAsync("f-not-whole.tmp", "<Document");
        var log = await WorkUntilEmptyAsync();

        foreach (var notice in new[] { first, last }) Assert.Equal(Outcome.Secured, await host.InDbAsync((EscrowDb db) => db.BankEntries.Where(e => e.Reference == notice.Reference).Select(e => e.Outcome).SingleAsync()));
        Assert.Equal(["a-good.xml", "e-good.xml"], Directory.GetFiles(Path.Combine(_folder, "done"), "*.xml").Select(Path.GetFileName).Order());
        Assert.Equal(("fault", "malformed", "bank-reference-reused"), (Reason("b-unreadable.xml"), Reason("c-malformed.xml"), Reason("d-known.xml")));
        Assert.True(File.Exists(Path.Combine(_folder, "f-not-whole.tmp")));
        var refused = (await RefusedAsync()).Where(r => r.Name[1] == '-').OrderBy(r => r.Name, StringComparer.Ordinal).ToArray();
        Assert.Equal([("b-unreadable.xml", "fault"), ("c-malformed.xml", "malformed"), ("d-known.xml", "bank-reference-reused")], refused.Select(r => (r.Name, r.Code)));
        Assert.Contains(first.Reference, refused[2].Reason, StringComparison.Ordinal);
        foreach (var name in refused.Select(r => r.Name)) Assert.Contains(log.Written, line => line.Contains(name, StringComparison.Ordinal));
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task A_bank_that_gives_every_file_the_same_name_loses_none_of_them()
    {
        for (var n = 0; n < 2; n++)
        {
            await PutAsync("daily.xml", $"no xml of day {n}");
            // A link to nothing, made anew: a fault of another day.
            File.CreateSymbolicLink(Path.Combine(_folder, "broken.xml"), Path.Combine(_folder, $"nothing{n}"));
            await WorkUntilEmptyAsync();
        }
        Assert.Equal((2, 2), ((await RefusedAsync()).Count(r => r.Name == "daily.xml"), (await RefusedAsync()).Count(r => r.Name == "broken.xml")));
        Assert.Equal(["no xml of day 0", "no xml of day 1"], Directory.GetFiles(Path.Combine(_folder, "refused"), "daily*.xml").Select(File.ReadAllText).Order());
    }

    [Fact]
    public async Task The_same_file_refused_again_is_told_once_and_only_finance_is_told()
    {
        for (var n = 0; n < 2; n++)
        {
            await PutAsync("z.xml", "no xml");
            await WorkUntilEmptyAsync();
        }
        Assert.Single(await RefusedAsync(), r => r.Name == "z.xml");
        foreach (var role in Roles.All.Where(r => r != Roles.Finance)) Assert.Equal(HttpStatusCode.Forbidden, (await host.As(role).GetAsync("/api/escrow/bank-files/refused")).StatusCode);
    }
}
