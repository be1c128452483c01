using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Tendering.Contracts;
using Tendering.Contracts.BidOpening;
using Tendering.Contracts.Bidding;
using Tendering.Contracts.Supervision;
using Tendering.Contracts.Tenders;
using Tendering.Protocols;
using Tendering.ServiceDefaults;
using Tendering.Supervision.Data;
using Tendering.Supervision.Features;
using Tendering.Testing;

namespace Tendering.Supervision.Tests.Features;

/// <summary>What is secret is bound by the log from the start and seen in it by nobody, neither in number nor in time, until its moment comes.</summary>
public class LogSecrecyTests(SupervisionHost host) : IClassFixture<SupervisionHost>
{
    private static readonly DateTimeOffset At = new(2026, 3, 2, 1, 0, 0, TimeSpan.Zero);
    private static readonly Dictionary<string, long> Numbers = [];

    private static Envelope Envelope<T>(T message, Guid? organisation = null, string? teller = null) where T : ITenderEvent
    {
        var name = Outbox.NameOf(typeof(T));
        var source = teller ?? name.Name.Split('.')[0];
        lock (Numbers)
        {
            Numbers[source] = Numbers.GetValueOrDefault(source) + 1;
            return new Envelope(Guid.CreateVersion7(), name.Name, name.Version, source, Numbers[source], message.TenderId, JsonSerializer.Serialize(message, Outbox.Json), name.SecretUntil,
                name.SecretUntil is null ? null : System.Security.Cryptography.RandomNumberGenerator.GetBytes(32), Guid.CreateVersion7(), organisation, "bidder", "10.7.7.7", At, null);
        }
    }

    private sealed class Lot
    {
        public Guid Tender { get; } = Guid.CreateVersion7();
        public Guid Id { get; } = Guid.CreateVersion7();
        public BidSubmitted Bid(Guid bidder) => new(Tender, Id, Guid.CreateVersion7(), bidder, 1, Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32)), At);
        public OpeningCompleted Opened() => new(Tender, Id, "00", [], At);
    }

    private async Task SendAndLogAsync(params Envelope[] events)
    {
        var before = await host.ScalarAsync<long>("select count(*) from event");
        await host.SendAsync(events);
        await ServiceFixture.EventuallyAsync(async () => await host.ScalarAsync<long>("select count(*) from event") >= before + events.Length);
        await host.LoggedAsync();
    }

    [Fact]
    public async Task Bids_leave_no_trace_in_the_public_log_but_one_entry_a_turn()
    {
        var lot = new Lot();
        var before = (await host.LoggedAsync()).Size;
        await SendAndLogAsync([.. Enumerable.Range(0, 200).Select(i => Envelope(new BidderRegistered(lot.Tender, lot.Id, Guid.CreateVersion7(), $"Bidder {i}", "X", At)))]);
        var entries = (await host.EntriesAsync()).Skip((int)before).ToArray();
        Assert.NotEmpty(entries);
        Assert.All(entries, e => Assert.Matches("""^\{"kind":"secrets","root":"[0-9a-f]{64}"\}$""", e));
        Assert.Equal(entries.Length, entries.Distinct().Count());
        // As many entries as turns: 200 events take no more room than none.
        var turns = await host.ScalarAsync<long>($"select count(*) from log_turn where first_leaf >= {before}");
        Assert.InRange(turns, 1, entries.Length);
        Assert.True(entries.Length < 200);
    }

    [Fact]
    public async Task A_bidder_proves_its_bid_before_the_opening_and_learns_nothing_of_others()
    {
        var (lot, bidder) = (new Lot(), Guid.CreateVersion7());
        var own = lot.Bid(bidder);
        await SendAndLogAsync([Envelope(own, bidder), .. Enumerable.Range(0, 40).Select(_ => Envelope(lot.Bid(Guid.CreateVersion7()), Guid.CreateVersion7()))]);
        var path = $"/api/supervision/bids/{own.BidId}/proof";
        var proof = TlogProof.Parse(await host.As(Roles.Bidder, bidder).GetStringAsync(path));
        var shown = JsonDocument.Parse(proof.Extra).RootElement;
        var opening = new SecretOpening(shown.GetProperty("face").GetString()!, shown.GetProperty("leaf").GetInt64(), shown.GetProperty("position").GetUInt32(),
            [.. shown.GetProperty("path").EnumerateArray().Select(h => Convert.FromHexString(h.GetString()!))], Convert.FromHexString(shown.GetProperty("salt").GetString()!));
        Assert.Equal(proof.Index, opening.Leaf);
        Assert.True(proof.Includes(MerkleTree.LeafHash(SecretTree.Entry(opening.Root()))));
        Checkpoint.Open(proof.Note, await host.KeyAsync());
        var payload = JsonDocument.Parse(opening.Face).RootElement.GetProperty("payload");
        Assert.Equal((own.BidId, own.ManifestHash), (payload.GetProperty("bidId").GetGuid(), payload.GetProperty("manifestHash").GetString()));
        // Only its own organisation gets it; for all others there is no such bid.
        Assert.Equal(HttpStatusCode.NotFound, (await host.As(Roles.Bidder, Guid.CreateVersion7()).GetAsync(path)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await host.As(Roles.Bidder, bidder).GetAsync($"/api/supervision/bids/{Guid.CreateVersion7()}/proof")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Public().GetAsync(path)).StatusCode);
        foreach (var role in Roles.All.Except([Roles.Bidder])) Assert.Equal(HttpStatusCode.Forbidden, (await host.As(role, bidder).GetAsync(path)).StatusCode);
    }

    [Fact]
    public async Task At_the_opening_what_was_secret_is_disclosed_with_what_leads_to_the_log_and_nothing_of_another_lot_is()
    {
        var (lot, other) = (new Lot(), new Lot());
        var (registered, elsewhere) = (Envelope(new BidderRegistered(lot.Tender, lot.Id, Guid.CreateVersion7(), "Li & Sons", "X", At)), Envelope(other.Bid(Guid.CreateVersion7())));
        await SendAndLogAsync(registered, elsewhere);
        using var client = host.Public();
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync($"/api/supervision/log/events/{registered.Id}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync($"/api/supervision/log/events/{registered.Id}/proof")).StatusCode);

        await SendAndLogAsync(Envelope(lot.Opened()));
        IReadOnlyList<SecretDisclosed> disclosed = [];
        await ServiceFixture.EventuallyAsync(async () => (disclosed = await host.PublishedAsync<SecretDisclosed, SupervisionDb>()).Any(d => d.EventId == registered.Id), "the disclosure");
        Assert.DoesNotContain(disclosed, d => d.EventId == elsewhere.Id || d.LotId == other.Id);
        await AssertLeadsToTheLogAsync(disclosed.Single(d => d.EventId == registered.Id));
        // The disclosure is a public entry itself, and the event can be asked for.
        await ServiceFixture.EventuallyAsync(async () => (await host.EntriesAsync()).Any(e => e.Contains("supervision.secret-disclosed", StringComparison.Ordinal) && e.Contains(registered.Id.ToString(), StringComparison.Ordinal)), "the entry of the disclosure");
        Assert.Contains("Li & Sons", (await client.GetFromJsonAsync<GetPublicEvent.Response>($"/api/supervision/log/events/{registered.Id}"))!.Face, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_comes_after_its_moment_is_disclosed_at_once()
    {
        var lot = new Lot();
        await SendAndLogAsync(Envelope(lot.Opened()));
        var late = Envelope(lot.Bid(Guid.CreateVersion7()));
        await SendAndLogAsync(late);
        await ServiceFixture.EventuallyAsync(async () => (await host.PublishedAsync<SecretDisclosed, SupervisionDb>()).Any(d => d.EventId == late.Id), "the disclosure");
    }

    [Fact]
    public async Task A_failed_lot_and_a_moment_told_by_another_service_disclose_no_bidder()
    {
        var lot = new Lot();
        var bid = Envelope(lot.Bid(Guid.CreateVersion7()));
        // A service that is not the owner of the opening says that it was.
        await SendAndLogAsync(bid, Envelope(new LotFailed(lot.Tender, lot.Id, "few", "r", "a", At)), Envelope(lot.Opened(), teller: host.NewSource()));
        // Were anything to be disclosed it would be before this one.
        var (opened, marker) = (new Lot(), Guid.CreateVersion7());
        var seen = Envelope(opened.Bid(marker));
        await SendAndLogAsync(seen, Envelope(opened.Opened()));
        await ServiceFixture.EventuallyAsync(async () => (await host.PublishedAsync<SecretDisclosed, SupervisionDb>()).Any(d => d.EventId == seen.Id), "the disclosure of another lot");
        Assert.DoesNotContain(await host.PublishedAsync<SecretDisclosed, SupervisionDb>(), d => d.EventId == bid.Id);
    }

    private async Task AssertLeadsToTheLogAsync(SecretDisclosed d)
    {
        var root = new SecretOpening(d.Face, d.Leaf, (uint)d.Position, [.. d.Path.Select(Convert.FromHexString)], Convert.FromHexString(d.Salt)).Root();
        Assert.Equal(Encoding.ASCII.GetString(SecretTree.Entry(root)), (await host.EntriesAsync())[(int)d.Leaf]);
    }
}
