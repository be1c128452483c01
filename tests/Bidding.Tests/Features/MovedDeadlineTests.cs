using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tendering.Bidding.Data;
using Tendering.Bidding.Domain;
using Tendering.Bidding.Features;
using Tendering.Contracts;
using Tendering.Contracts.Bidding;
using Tendering.Contracts.Tenders;
using Tendering.Protocols;
using Tendering.Testing;

namespace Tendering.Bidding.Tests.Features;

public class MovedDeadlineTests(BiddingHost host) : IClassFixture<BiddingHost>
{
    [Fact]
    public async Task A_moved_deadline_takes_bids_until_the_new_one_and_not_a_moment_longer()
    {
        var lot = await host.LotAsync();
        var (first, second) = (await host.PrepareAsync(lot), await host.PrepareAsync(lot));
        var to = lot.Deadline.AddDays(3);
        await MoveAsync(lot, to);
        host.Clock.MoveTo(lot.Deadline.AddDays(1));
        await first.SubmittedAsync();
        host.Clock.MoveTo(to);
        Assert.Equal("late-bid", (await (await second.SubmitAsync()).RefusalAsync()).Code);
        await host.CloseAsync(lot);
        Assert.Single(Assert.Single(await host.PublishedAsync<ClosingListDrawn, BiddingDb>(), e => e.LotId == lot.LotId).Bids);
    }

    [Fact]
    public async Task What_is_closed_is_not_opened_again()
    {
        var lot = await host.LotAsync();
        var ready = await host.PrepareAsync(lot);
        await host.CloseAsync(lot);
        var id = await host.HearAsync(Moved(lot, lot.Deadline.AddDays(1)));
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync<BiddingDb, bool>(async db => (await db.Database.SqlQuery<Guid>($"select event_id as \"Value\" from parked").ToListAsync()).Contains(id)), "the event to be parked");
        Assert.Equal("late-bid", (await (await ready.SubmitAsync()).RefusalAsync()).Code);
    }

    [Fact]
    public async Task After_an_outage_the_closing_waits_for_a_decision_and_bidders_get_the_lost_time()
    {
        var lot = await host.LotAsync();
        var ready = await host.PrepareAsync(lot);
        var proposed = await ComeBackAtDeadlineAsync(lot, TimeSpan.FromHours(2));
        Assert.Equal((lot.Deadline, true), (proposed.Deadline, proposed.ProposedDeadline > lot.Deadline.AddMinutes(100)));
        await AssertSignedAsync(proposed.Outages[0]);
        Assert.Equal("late-bid", (await (await ready.SubmitAsync()).RefusalAsync()).Code);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Public().GetAsync(new Uri($"/api/bidding/lots/{lot.LotId}/closing", UriKind.Relative))).StatusCode);

        var path = $"/api/bidding/extensions/{proposed.ProposalId}/decision";
        Assert.Equal(HttpStatusCode.Forbidden, (await host.As(Roles.Agency).PostAsync(path, new { approved = true, reason = "not mine" })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await host.As(Roles.Operator).PostAsync(path, new { approved = true, reason = "operator" })).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.As(Roles.Supervisor).PostAsync(path, new { approved = true, reason = "two hours were lost" })).StatusCode);
        await ready.SubmittedAsync();
        var decided = Assert.Single(await host.PublishedAsync<ExtensionDecided, BiddingDb>(), e => e.LotId == lot.LotId);
        Assert.Equal((true, proposed.ProposedDeadline), (decided.Approved, decided.Deadline));
        var shown = (await host.Public().GetFromJsonAsync<JsonElement>($"/api/bidding/lots/{lot.LotId}/extensions"))[0];
        Assert.Equal((true, "two hours were lost"), (shown.GetProperty("approved").GetBoolean(), shown.GetProperty("reason").GetString()));
        Assert.Equal("already-decided", (await (await host.As(Roles.Supervisor).PostAsync(path, new { approved = false, reason = "again" })).RefusalAsync()).Code);

        host.Clock.MoveTo(decided.Deadline);
        await host.CloseAsync(lot);
        Assert.Single(Assert.Single(await host.PublishedAsync<ClosingListDrawn, BiddingDb>(), e => e.LotId == lot.LotId).Bids);
    }

    [Fact]
    public async Task What_was_given_back_for_one_outage_is_not_given_again_with_the_next()
    {
        var lot = await host.LotAsync();
        var first = await ComeBackAtDeadlineAsync(lot, TimeSpan.FromHours(1));
        Assert.Equal(HttpStatusCode.OK, (await host.As(Roles.Supervisor).PostAsync($"/api/bidding/extensions/{first.ProposalId}/decision", new { approved = true, reason = "an hour was lost" })).StatusCode);
        var second = await ComeBackAsync(lot, TimeSpan.FromMinutes(30), first.ProposedDeadline, already: 1);
        Assert.Equal(first.ProposedDeadline, second.Deadline);
        Assert.Single(second.Outages);
        Assert.InRange(second.ProposedDeadline - first.ProposedDeadline, TimeSpan.FromMinutes(25), TimeSpan.FromMinutes(31));
    }

    [Fact]
    public async Task What_was_uploaded_before_an_outage_is_kept_while_it_is_decided_on()
    {
        var lot = await host.LotAsync();
        var ready = await host.PrepareAsync(lot);
        var proposed = await ComeBackAsync(lot, TimeSpan.FromHours(2), lot.Deadline.AddMinutes(90));
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync<BiddingDb, bool>(async db => await db.Uploads.AllAsync(u => u.LotId != lot.LotId || u.NextDueAt == null || u.NextDueAt > lot.Deadline.AddMinutes(90))),
            "the uploads to be looked at");
        Assert.Equal(HttpStatusCode.OK, (await host.As(Roles.Supervisor).PostAsync($"/api/bidding/extensions/{proposed.ProposalId}/decision", new { approved = true, reason = "half an hour was lost" })).StatusCode);
        await ready.SubmittedAsync();
    }

    [Fact]
    public async Task Without_a_decision_the_lot_closes_when_its_time_is_over()
    {
        var lot = await host.LotAsync();
        var proposed = await ComeBackAtDeadlineAsync(lot, TimeSpan.FromHours(2));
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync<BiddingDb, bool>(async db => (await db.Lots.AsNoTracking().SingleAsync(l => l.Id == lot.LotId)).NextDueAt > lot.Deadline), "the closing to be held");
        host.Clock.MoveTo(lot.Deadline.AddHours(2));
        await host.CloseAsync(lot);
        Assert.Equal("bidding-closed", (await (await host.As(Roles.Supervisor).PostAsync($"/api/bidding/extensions/{proposed.ProposalId}/decision", new { approved = true, reason = "late" })).RefusalAsync()).Code);
    }

    // As if nothing had been written for so long: by the owner of the table, whom its trigger would stop otherwise.
    private Task<ExtensionProposed> ComeBackAtDeadlineAsync(TestLot lot, TimeSpan silence) => ComeBackAsync(lot, silence, lot.Deadline);

    private async Task<ExtensionProposed> ComeBackAsync(TestLot lot, TimeSpan silence, DateTimeOffset end, int already = 0)
    {
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync<BiddingDb, bool>(async db => (await db.Database.SqlQuery<long>($"select count(*) as \"Value\" from heartbeat").ToListAsync()).Single() > 0), "a heartbeat");
        await using var owner = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Servers.Postgres) { Database = new NpgsqlConnectionStringBuilder(host.ConnectionString).Database }.ConnectionString);
        await owner.OpenAsync();
        await using var command = new NpgsqlCommand(
            "alter table heartbeat disable trigger all; delete from heartbeat where real_at < (select max(real_at) from heartbeat); update heartbeat set real_at = clock_timestamp() - $$" + silence + "$$::interval, at = '"
            + (end - silence).ToString("O") + "'; alter table heartbeat enable trigger all", owner);
        await command.ExecuteNonQueryAsync();
        // The closing is due, and notes the outage first.
        host.Clock.MoveTo(end);
        IReadOnlyList<ExtensionProposed> proposed = [];
        await ServiceFixture.EventuallyAsync(async () => (proposed = [.. (await host.PublishedAsync<ExtensionProposed, BiddingDb>()).Where(e => e.LotId == lot.LotId)]).Count > already, "the proposal");
        return Assert.Single(proposed.Skip(already));
    }

    private async Task AssertSignedAsync(ReportedOutage outage)
    {
        var jwk = (await host.Public().GetFromJsonAsync<ReceiptKey.Jwk>("/api/bidding/receipt-key"))!;
        using var key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = Base64UrlText.Decode(jwk.X), Y = Base64UrlText.Decode(jwk.Y) } });
        foreach (var beat in new[] { outage.LastBefore, outage.FirstAfter }) Assert.NotNull(Jws.Verify(beat, key, OutageWatch.Type));
    }

    private async Task MoveAsync(TestLot lot, DateTimeOffset to)
    {
        await host.HearAsync(Moved(lot, to));
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync<BiddingDb, bool>(async db => (await db.Lots.AsNoTracking().SingleAsync(l => l.Id == lot.LotId)).BidDeadline == to), "the moved deadline");
    }

    private static DeadlineMoved Moved(TestLot lot, DateTimeOffset to) => new(lot.TenderId, lot.LotId, lot.Deadline, to, to, "clarification", "a drawing was changed", null, lot.Deadline.AddDays(-1));
}
