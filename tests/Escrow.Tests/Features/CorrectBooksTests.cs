using System.Net;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Contracts.Escrow;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Escrow.Features;
using Tendering.ServiceDefaults;
using Tendering.Testing;

namespace Tendering.Escrow.Tests.Features;

public class CorrectBooksTests(EscrowHost host) : IClassFixture<EscrowHost>
{
    private const string Path = "/api/escrow/corrections";
    private readonly Guid _asks = Guid.CreateVersion7(), _approves = Guid.CreateVersion7();
    private readonly SubAccount _from = BidderOf(Guid.CreateVersion7()), _to = BidderOf(Guid.CreateVersion7());
    private Guid _a => _from.Id;
    private Guid _b => _to.Id;

    private static SubAccount BidderOf(Guid tender) => new() { TenderId = tender, LotId = Guid.CreateVersion7(), BidderId = Guid.CreateVersion7(), BidderName = "Builders" };

    private async Task OpenAsync()
    {
        await using var db = ManyDeposits.Open(host.ConnectionString);
        await using var transaction = await db.Database.BeginTransactionAsync();
        db.AddRange(_from, _to);
        await db.SaveChangesAsync();
        await Books.OpenAsync(db, [.. Chart.SystemAccounts("CNY"), Chart.SubAccount(_a, $"{_a}", "CNY"), Chart.SubAccount(_b, $"{_b}", "CNY")], host.Clock.GetUtcNow(), default);
        await Books.BookAllAsync(db, [Transfer.Of(Guid.CreateVersion7(), Chart.IdOf(SystemAccount.Bank, "CNY"), _a, 100, "fund", "r")], host.Clock.GetUtcNow(), default);
        await transaction.CommitAsync();
    }

    // What supervision is told of a correction: its type, its tender, who did it.
    private async Task<(string Type, Guid? Tender, Guid? Person, string? SecretUntil, string Payload)[]> ToldAsync(string key) =>
        [.. (await host.InDbAsync((EscrowDb db) => db.Set<OutboxEvent>().AsNoTracking().Where(e => e.Type.StartsWith("escrow.correction-") && e.Payload.Contains(key)).OrderBy(e => e.Position).ToListAsync()))
            .Select(e => (e.Type, e.TenderId, e.PersonId, e.SecretUntil, e.Payload))];

    private Task<HttpResponseMessage> AskAsync(CorrectBooks.Request request, string? key = null) => host.As(Roles.Finance, person: _asks).PostAsync(Path, request, key);
    private Task<HttpResponseMessage> DecideAsync(Guid person, string key, string decision) => host.As(Roles.Finance, person: person).PostAsync($"{Path}/{key}/{decision}", new { });
    private CorrectBooks.Request Of(long amount) => new(_a, _b, amount, "2026-17");
    private async Task<Balance> BalanceAsync(Guid account) => (await host.InDbAsync((EscrowDb db) => Balances.NowAsync(db, [account], default)))[account];

    [Fact]
    public async Task A_correction_is_held_until_another_person_approves_it_and_happens_once()
    {
        await OpenAsync();
        var key = Guid.CreateVersion7().ToString();
        Assert.Equal([HttpStatusCode.Created, HttpStatusCode.Created], [(await AskAsync(Of(60), key)).StatusCode, (await AskAsync(Of(60), key)).StatusCode]);
        Assert.Equal(new Balance(0, 100, 60, 0), await BalanceAsync(_a));
        Assert.Equal("exists-with-different-amount", await (await AskAsync(Of(61), key)).CodeAsync());
        Assert.Equal("exists-with-different-reference", await (await AskAsync(Of(60) with { DocumentNumber = "2026-18" }, key)).CodeAsync());
        Assert.Equal("exceeds-credits", await (await AskAsync(Of(41))).CodeAsync());
        Assert.Equal("correction-by-two", await (await DecideAsync(_asks, key, "approval")).CodeAsync());
        Assert.Equal([HttpStatusCode.Created, HttpStatusCode.Created], [(await DecideAsync(_approves, key, "approval")).StatusCode, (await DecideAsync(_approves, key, "approval")).StatusCode]);
        Assert.Equal("exists-with-different-reference", await (await DecideAsync(Guid.CreateVersion7(), key, "approval")).CodeAsync());
        Assert.Equal("pending-transfer-already-posted", await (await DecideAsync(_asks, key, "refusal")).CodeAsync());
        Assert.Equal((new Balance(60, 100, 0, 0), new Balance(0, 60, 0, 0)), (await BalanceAsync(_a), await BalanceAsync(_b)));

        // Each step is told once, to both tenders, with its person and its document; a repeat and a refusal tell nothing.
        var told = await ToldAsync(key);
        Assert.Equal(
        [
            ("escrow.correction-asked", _from.TenderId, _asks), ("escrow.correction-asked", _to.TenderId, _asks),
            ("escrow.correction-approved", _from.TenderId, _approves), ("escrow.correction-approved", _to.TenderId, _approves),
        ], told.Select(e => (e.Type, e.Tender!.Value, e.Person!.Value)));
        Assert.All(told, e => Assert.True(e.SecretUntil == Disclosure.Never && e.Payload.Contains("\"documentNumber\":\"2026-17\"", StringComparison.Ordinal), e.Payload));
        var approved = Assert.Single(await host.PublishedAsync<CorrectionApproved, EscrowDb>(), e => e.TenderId == _to.TenderId);
        // Who bids in the other tender is that one's secret.
        Assert.Equal((_a, _a, _to.LotId, _to.BidderId, 60, "CNY", _asks), (approved.DebitLotId, approved.DebitBidderId, approved.CreditLotId, approved.CreditBidderId, approved.Amount, approved.Currency, approved.AskedBy));
    }

    [Fact]
    public async Task A_correction_that_is_refused_or_forgotten_moves_nothing()
    {
        await OpenAsync();
        var (refused, forgotten) = (Guid.CreateVersion7().ToString(), Guid.CreateVersion7().ToString());
        await AskAsync(Of(60), refused);
        Assert.Equal(HttpStatusCode.Created, (await DecideAsync(_asks, refused, "refusal")).StatusCode);
        Assert.Equal(["escrow.correction-asked", "escrow.correction-refused"], (await ToldAsync(refused)).Where(e => e.Tender == _from.TenderId).Select(e => e.Type));
        await AskAsync(Of(60), forgotten);
        host.Clock.Advance(TimeSpan.FromSeconds(Correction.TimeOut));
        Assert.Equal("pending-transfer-expired", await (await DecideAsync(_approves, forgotten, "approval")).CodeAsync());
        await ServiceFixture.EventuallyAsync(async () => await BalanceAsync(_a) == new Balance(0, 100, 0, 0), "the hold to expire");
    }

    [Fact]
    public async Task Accounts_that_follow_facts_are_not_moved_by_hand_and_nonsense_is_refused()
    {
        await OpenAsync();
        foreach (var account in Enum.GetValues<SystemAccount>()) Assert.Equal("account-follows-facts", await (await AskAsync(Of(1) with { CreditAccount = Chart.IdOf(account, "CNY") })).CodeAsync());
        Assert.Equal("credit-account-not-found", await (await AskAsync(Of(1) with { CreditAccount = Guid.CreateVersion7() })).CodeAsync());
        var claim = Guid.CreateVersion7();
        await host.InDbAsync(async (EscrowDb db) =>
        {
            await db.Database.OpenConnectionAsync();
            await Books.OpenAsync(db, [Chart.Claim(claim, $"{claim}", "CNY")], host.Clock.GetUtcNow(), default);
            return 0;
        });
        Assert.Equal("account-follows-facts", await (await AskAsync(Of(1) with { CreditAccount = claim })).CodeAsync());
        Assert.Equal("accounts-must-be-different", await (await AskAsync(Of(1) with { CreditAccount = _a })).CodeAsync());
        Assert.Equal("text-cannot-be-stored", await (await AskAsync(Of(1) with { DocumentNumber = "\0" })).CodeAsync());
        foreach (var amount in new[] { 0, -1, long.MaxValue }) Assert.Equal(HttpStatusCode.BadRequest, (await AskAsync(Of(amount))).StatusCode);
        foreach (var key in new[] { "", "x", Guid.Empty.ToString() }) Assert.Equal(HttpStatusCode.BadRequest, (await AskAsync(Of(1), key)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await DecideAsync(_approves, Guid.CreateVersion7().ToString(), "approval")).StatusCode);
        foreach (var role in Roles.All.Where(r => r != Roles.Finance)) Assert.Equal(HttpStatusCode.Forbidden, (await host.As(role).PostAsync(Path, Of(1))).StatusCode);
        Assert.Equal(new Balance(0, 100, 0, 0), await BalanceAsync(_a));
        Assert.Empty(await ToldAsync(_from.BidderId.ToString()));
    }
}
