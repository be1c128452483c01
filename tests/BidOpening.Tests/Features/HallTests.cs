using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.Contracts;
using Tendering.Contracts.BidOpening;
using Tendering.Contracts.Identity;
using Tendering.Contracts.Tenders;
using Tendering.Protocols;
using Tendering.Testing;

namespace Tendering.BidOpening.Tests.Features;

/// <summary>The opening as a meeting: who is there, what is said, who signs, and what everybody can follow.</summary>
public class HallTests(OpeningHost host) : IClassFixture<OpeningHost>
{
    private async Task<Opening> CloseAsync(int bids = 3)
    {
        var lot = host.NewLot();
        return await host.CloseAsync(lot, await host.SealAsync(lot, bids));
    }

    private async Task<Opening> OpenAsync(int bids = 3)
    {
        var opening = await CloseAsync(bids);
        await host.StartAsync(opening.Lot);
        return opening;
    }

    [Fact]
    public async Task Before_the_start_nobody_learns_who_is_there_and_with_it_everybody_does()
    {
        var opening = await CloseAsync();
        var stranger = host.As(Roles.Bidder);
        foreach (var party in new[] { opening.Bidder(1), stranger, opening.Agency, opening.Custodian(2) }) Assert.Equal(HttpStatusCode.OK, (await opening.SignInAsync(party)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await opening.SignInAsync(opening.Bidder(1))).StatusCode);
        Assert.Equal(0, (await host.LookAsync(opening.Lot)).GetProperty("attendance").GetArrayLength());
        Assert.Empty(await opening.EntriesAsync());
        Assert.Empty(await opening.EventsAsync<PartySignedIn>());
        Assert.Equal(HttpStatusCode.NotFound, (await opening.ObjectAsync(opening.Bidder(1), "too early")).StatusCode);

        await host.StartAsync(opening.Lot);
        await opening.SignInAsync(opening.Bidder(0));
        Assert.Equal(HttpStatusCode.Forbidden, (await opening.SignInAsync(host.As(Roles.Bidder))).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await opening.SignInAsync(host.As(Roles.Agency))).StatusCode);
        string[] present = ["agency Agency", "bidder Bidder 1", "bidder Bidder 2", "custodian Custodian 2"];
        Assert.Equal(present, (await host.LookAsync(opening.Lot)).GetProperty("attendance").EnumerateArray().Select(a => $"{a.GetProperty("party").GetString()} {a.GetProperty("name").GetString()}").Order(StringComparer.Ordinal));
        Assert.Equal(present, (await opening.EventsAsync<PartySignedIn>()).Select(e => $"{e.Party} {e.OrganisationName}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_hall_opens_some_time_before_the_opening_and_closes_with_it()
    {
        var lot = host.NewLot();
        lot = new TestLot { Deadline = lot.Deadline.AddHours(2) };
        var opening = await host.CloseAsync(lot, await host.SealAsync(lot, 3));
        var early = await opening.SignInAsync(opening.Bidder(0));
        Assert.Equal((HttpStatusCode.Conflict, "hall-not-open"), (early.StatusCode, await early.CodeAsync()));
        await host.StartAsync(lot);
        await opening.OpenAllAsync();
        await opening.RecordAsync();
        var late = await opening.SignInAsync(opening.Bidder(0));
        Assert.Equal((HttpStatusCode.Conflict, "opening-over"), (late.StatusCode, await late.CodeAsync()));
        Assert.Equal(HttpStatusCode.NotFound, (await host.As(Roles.Bidder).PostAsync($"/api/bid-opening/lots/{Guid.NewGuid()}/attendance", new { })).StatusCode);
    }

    [Fact]
    public async Task With_the_deadline_the_opening_moves()
    {
        var opening = await CloseAsync();
        var later = opening.Lot.Deadline.AddHours(3);
        await host.HearAsync(new DeadlineMoved(opening.Lot.TenderId, opening.Lot.LotId, opening.Lot.Deadline, later, later, "clarification", "A drawing was missing.", null, host.Clock.GetUtcNow()));
        await ServiceFixture.EventuallyAsync(async () => (await host.LookAsync(opening.Lot)).GetProperty("openingAt").GetDateTimeOffset() == later, "the new moment");
        host.Clock.MoveTo(later);
        await host.StageAsync(opening.Lot, "opening");
        Assert.Equal(later, Assert.Single(await opening.EventsAsync<OpeningStarted>()).StartedAt);
    }

    [Fact]
    public async Task A_supervisor_from_outside_is_present_under_the_name_that_identity_told()
    {
        var opening = await OpenAsync();
        var id = Guid.CreateVersion7();
        var early = await opening.SignInAsync(host.As(Roles.Supervisor, id));
        Assert.Equal((HttpStatusCode.Conflict, "organisation-unknown"), (early.StatusCode, await early.CodeAsync()));
        await host.HearAsync(new OrganisationRegistered(id, "11330106TEST", "Supervision office", "supervisor", host.Clock.GetUtcNow()));
        await ServiceFixture.EventuallyAsync(async () => (await opening.SignInAsync(host.As(Roles.Supervisor, id))).StatusCode == HttpStatusCode.OK, "the name");
        Assert.Equal(("supervisor", "Supervision office"), Assert.Single((await opening.EventsAsync<PartySignedIn>()).Select(e => (e.Party, e.OrganisationName))));
    }

    [Fact]
    public async Task Who_is_present_signs_what_was_announced_and_the_last_signature_completes_the_opening()
    {
        var opening = await OpenAsync();
        foreach (var party in new[] { opening.Bidder(0), opening.Agency }) await opening.SignInAsync(party);
        Assert.Equal((HttpStatusCode.Conflict, "not-announced"), await ProblemAsync(await opening.SignAsync(opening.Agency, hash: new string('0', 64))));
        await opening.OpenAllAsync();
        await host.StageAsync(opening.Lot, "confirming");
        Assert.Empty(await opening.EventsAsync<OpeningCompleted>());
        var answer = await host.Public().GetAsync(opening.Path("announcement"));
        var announced = await answer.Content.ReadAsStringAsync();
        var hash = HexText.Sha256(Encoding.UTF8.GetBytes(announced));
        Assert.Equal(hash, answer.Headers.GetValues("Announced-Hash").Single());
        Assert.Equal(hash, Assert.Single(await opening.EventsAsync<PricesAnnounced>()).AnnouncedHash);

        Assert.Equal((HttpStatusCode.Conflict, "announcement-differs"), await ProblemAsync(await opening.SignAsync(opening.Agency, hash: new string('0', 64))));
        Assert.Equal((HttpStatusCode.Conflict, "not-signed-in"), await ProblemAsync(await opening.SignAsync(opening.Bidder(1))));
        Assert.Equal(HttpStatusCode.OK, (await opening.SignAsync(opening.Agency)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await opening.SignAsync(opening.Agency)).StatusCode);
        Assert.Equal("confirming", (await host.LookAsync(opening.Lot)).GetProperty("stage").GetString());
        Assert.Equal(HttpStatusCode.OK, (await opening.SignAsync(opening.Bidder(0))).StatusCode);

        var record = await opening.RecordAsync();
        Assert.Equal(announced, (record with { Closing = null }).Canonical());
        Assert.Equal(hash, record.Closing!.AnnouncedHash);
        Assert.Equal([("agency", "session"), ("bidder", "session")], record.Closing.Present.Select(p => (p.Party, p.Way)).Order());
        Assert.Equal(2, (await opening.EventsAsync<AnnouncementSigned>()).Count);
        Assert.Equal((OpeningRecord.ByMomentThenPlace, "1 2 3"), (record.ReadingOrder, string.Join(' ', record.Bids.Select(b => b.ReadAs))));
    }

    [Fact]
    public async Task A_signature_by_certificate_holds_over_the_announcement_and_only_with_a_certificate_of_ones_own()
    {
        var opening = await OpenAsync();
        var (bidder, other) = (opening.Bids[0].Sealed.Bidder, opening.Bids[1].Sealed.Bidder);
        await host.HearAsync(bidder.Issued);
        // The revocation is heard before the certificate, in another spelling of its number.
        await host.HearAsync(new CertificateRevoked(other.Id, "00" + other.Certificate.SerialNumber.ToLowerInvariant(), "lost", host.Clock.GetUtcNow()));
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync<BidOpeningDb, bool>(db => Task.FromResult(db.Revocations.Any(r => r.OrganisationId == other.Id))), "the revocation");
        await host.HearAsync(other.Issued);
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync<BidOpeningDb, bool>(db => Task.FromResult(db.Certificates.Any(c => c.OrganisationId == other.Id) && db.Certificates.Any(c => c.OrganisationId == bidder.Id))), "the certificates");
        await opening.SignInAsync(opening.Bidder(0));
        await opening.SignInAsync(opening.Bidder(1));
        await opening.OpenAllAsync();
        var bytes = await host.Public().GetByteArrayAsync(opening.Path("announcement"));
        string Sign(TestBidder by, byte[] content) => Convert.ToBase64String(BidSignature.Sign(content, by.Certificate, at: TestAuthority.NotBefore.AddDays(30)));
        Assert.Equal(HttpStatusCode.BadRequest, (await opening.SignAsync(opening.Bidder(0), "!")).StatusCode);
        Assert.Equal((HttpStatusCode.Conflict, "signature-signature-wrong"), await ProblemAsync(await opening.SignAsync(opening.Bidder(0), Sign(bidder, [1, 2, 3]))));
        Assert.Equal((HttpStatusCode.Conflict, "certificate-of-another"), await ProblemAsync(await opening.SignAsync(opening.Bidder(0), Sign(other, bytes))));
        Assert.Equal((HttpStatusCode.Conflict, "certificate-revoked"), await ProblemAsync(await opening.SignAsync(opening.Bidder(1), Sign(other, bytes))));
        var signature = Sign(bidder, bytes);
        Assert.Equal(HttpStatusCode.OK, (await opening.SignAsync(opening.Bidder(0), signature)).StatusCode);
        host.Clock.MoveTo((await host.LookAsync(opening.Lot)).GetProperty("confirmBy").GetDateTimeOffset());
        var closing = (await opening.RecordAsync()).Closing!;
        Assert.Equal([("Bidder 1", "certificate"), ("Bidder 2", null)], closing.Present.Select(p => (p.OrganisationName, p.Way)).Order());     // silence is recorded
        Assert.Equal(signature, closing.Present.Single(p => p.Way is not null).Signature);
    }

    [Fact]
    public async Task A_certificate_signs_here_only_if_a_configured_authority_issued_it_and_its_list_does_not_name_it()
    {
        var folder = Directory.CreateTempSubdirectory("lists-").FullName;
        var (authority, stranger) = (new TestAuthority(), new TestAuthority());
        try
        {
            var lists = Directory.CreateDirectory(Path.Combine(folder, "lists")).FullName;
            await File.WriteAllTextAsync(Path.Combine(folder, "roots.pem"), authority.Pem, TestContext.Current.CancellationToken);
            TestBidder[] bidders = [new(authority, "Good"), new(authority, "Listed"), new(stranger, "Of a stranger")];
            await File.WriteAllBytesAsync(Path.Combine(lists, "own.crl"), authority.ListOf(bidders[1].Certificate), TestContext.Current.CancellationToken);
            await using var own = new OpeningHost
            {
                Configure = c => c.AddInMemoryCollection(new Dictionary<string, string?> { ["Certificates:TrustedRoots"] = Path.Combine(folder, "roots.pem"), ["Certificates:RevocationLists"] = lists }),
            };
            await own.InitializeAsync();
            var lot = own.NewLot();
            var bids = new List<TestBid>();
            foreach (var bidder in bidders) bids.Add(await lot.SealAsync(bidder));
            var opening = await own.OpenAsync(lot, bids);
            foreach (var bidder in bidders) await own.HearAsync(bidder.Issued);          // with the issuer that identity names
            await ServiceFixture.EventuallyAsync(() => own.InDbAsync<BidOpeningDb, bool>(db => Task.FromResult(db.Certificates.Count() == 3)), "the certificates");
            for (var i = 0; i < 3; i++) await opening.SignInAsync(opening.Bidder(i));
            await opening.OpenAllAsync();
            var bytes = await own.Public().GetByteArrayAsync(opening.Path("announcement"), TestContext.Current.CancellationToken);
            string Sign(TestBidder by) => Convert.ToBase64String(BidSignature.Sign(bytes, by.Certificate, at: TestAuthority.NotBefore.AddDays(30)));
            Assert.Equal((HttpStatusCode.Conflict, "certificate-revoked"), await ProblemAsync(await opening.SignAsync(opening.Bidder(1), Sign(bidders[1]))));
            Assert.Equal((HttpStatusCode.Conflict, "signature-certificate-not-trusted"), await ProblemAsync(await opening.SignAsync(opening.Bidder(2), Sign(bidders[2]))));
            Assert.Equal(HttpStatusCode.OK, (await opening.SignAsync(opening.Bidder(0), Sign(bidders[0]))).StatusCode);
        }
        finally { Directory.Delete(folder, recursive: true); }
    }

    [Fact]
    public async Task An_objection_is_answered_on_the_spot_and_both_stand_in_the_record()
    {
        var opening = await OpenAsync();
        Assert.Equal((HttpStatusCode.Conflict, "not-signed-in"), await ProblemAsync(await opening.ObjectAsync(opening.Bidder(0), "I am not here")));
        await opening.SignInAsync(opening.Bidder(0));
        var raised = (await (await opening.ObjectAsync(opening.Bidder(0), "<b>The price of bidder 2 was not read out.</b>")).Content.ReadFromJsonAsync<JsonElement>()).GetProperty("objectionId").GetGuid();
        await opening.OpenAllAsync();
        await opening.SignAsync(opening.Bidder(0));
        Assert.Equal("confirming", (await host.LookAsync(opening.Lot)).GetProperty("stage").GetString());          // an answer is owed
        Assert.Equal(HttpStatusCode.Forbidden, (await AnswerAsync(host.As(Roles.Agency), opening, raised)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await AnswerAsync(opening.Agency, opening, Guid.NewGuid())).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await AnswerAsync(opening.Agency, opening, raised)).StatusCode);
        var objection = Assert.Single((await opening.RecordAsync()).Closing!.Objections);
        Assert.Equal(("Bidder 1", "It was: entry 5."), (objection.BidderName, objection.Answer));
        Assert.Single(await opening.EventsAsync<ObjectionAtOpeningRaised>(), e => e.ObjectionId == raised);
        Assert.Single(await opening.EventsAsync<ObjectionAtOpeningAnswered>(), e => e.ObjectionId == raised);
        Assert.Equal((HttpStatusCode.Conflict, "objection-answered"), await ProblemAsync(await AnswerAsync(opening.Agency, opening, raised)));
        var late = await opening.ObjectAsync(opening.Bidder(0), "too late");
        var problem = await late.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((HttpStatusCode.Conflict, "objection-too-late", "A17"), (late.StatusCode, problem.GetProperty("code").GetString(), problem.GetProperty("rule").GetString()));
        var page = await host.Public().GetStringAsync(opening.Path("record.html"));
        Assert.Contains("It was: entry 5.", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_says_nothing_holds_nothing_up_for_longer_than_the_limits()
    {
        var opening = await OpenAsync();
        await opening.SignInAsync(opening.Bidder(2));
        await opening.OpenAllAsync();
        await opening.ObjectAsync(opening.Bidder(2), "Why is mine the last?");
        var confirmBy = (await host.LookAsync(opening.Lot)).GetProperty("confirmBy").GetDateTimeOffset();
        host.Clock.MoveTo(confirmBy);
        await ServiceFixture.EventuallyAsync(async () => (await host.LookAsync(opening.Lot)).GetProperty("answersDueBy").ValueKind == JsonValueKind.String, "the agency's time");
        Assert.Equal((HttpStatusCode.Conflict, "objection-too-late"), await ProblemAsync(await opening.ObjectAsync(opening.Bidder(2), "And another")));
        Assert.Equal((HttpStatusCode.Conflict, "signature-too-late"), await ProblemAsync(await opening.SignAsync(opening.Bidder(2))));
        host.Clock.MoveTo((await host.LookAsync(opening.Lot)).GetProperty("answersDueBy").GetDateTimeOffset());
        var closing = (await opening.RecordAsync()).Closing!;
        Assert.Null(Assert.Single(closing.Objections).Answer);
        Assert.Null(Assert.Single(closing.Present).SignedAt);
    }

    [Fact]
    public async Task Custodians_are_reminded_before_their_limit_and_then_bidders_are_asked()
    {
        var opening = await OpenAsync();
        await opening.ReleasedAsync(3);
        var start = host.Clock.GetUtcNow();
        foreach (var (minutes, reminders) in new[] { (30, 1), (54, 2) })
        {
            host.Clock.MoveTo(start.AddMinutes(minutes));
            await ServiceFixture.EventuallyAsync(async () => (await opening.EventsAsync<OpeningReminded>()).Count == reminders, "a reminder");
        }
        host.Clock.MoveTo(start.AddMinutes(60));
        await ServiceFixture.EventuallyAsync(async () => (await opening.EventsAsync<RecoveryAsked>()).Count == 1, "the bidders' time");
        host.Clock.MoveTo(start.AddMinutes(119));                                     // both moments passed: one reminder is enough
        await ServiceFixture.EventuallyAsync(async () => (await opening.EventsAsync<OpeningReminded>()).Count == 3, "a reminder");
        var told = await opening.EventsAsync<OpeningReminded>();
        Assert.Equal(["custodians", "custodians", "bidders"], told.Select(t => t.Whom));
        Assert.All(told, t => Assert.Equal((3, "1 2"), (t.Sealed, string.Join(' ', t.MissingCustodians))));
        Assert.Equal(start.AddMinutes(120), told[2].DueBy);
        Assert.Equal(4, (await opening.EntriesAsync()).Count(e => e.GetProperty("kind").GetString() is "opening-reminded" or "recovery-asked"));
    }

    [Fact]
    public async Task The_stream_is_the_list_of_entries_without_gaps_and_goes_on_after_any_index()
    {
        var opening = await OpenAsync();
        using var live = await FollowAsync(opening.Lot, "");
        var first = await live.NextAsync();
        Assert.Equal(("1", "opening-started"), (first.Id, first.Kind));
        await opening.OpenAllAsync();
        var heard = new List<(string Id, string Kind)> { first };
        while (heard[^1].Kind != "end") heard.Add(await live.NextAsync());
        Assert.Equal(["opening-started", "shares-released", "shares-released", "bid-opened", "bid-opened", "bid-opened", "prices-announced", "opening-completed", "end"], heard.Select(h => h.Kind));
        Assert.Equal(Enumerable.Range(1, 8).Select(i => $"{i}"), heard.SkipLast(1).Select(h => h.Id));
        Assert.Equal(heard.SkipLast(1).Select(h => h.Kind), (await opening.EntriesAsync()).Select(e => e.GetProperty("kind").GetString()));
        Assert.Equal([6, 7, 8], (await opening.EntriesAsync(5)).Select(e => e.GetProperty("index").GetInt32()));

        using var resumed = await FollowAsync(opening.Lot, "?after=6");
        Assert.Equal(["7", "8"], new[] { (await resumed.NextAsync()).Id, (await resumed.NextAsync()).Id });
        using var again = await FollowAsync(opening.Lot, "?after=1", "7");              // a browser's own word goes before the address
        Assert.Equal("8", (await again.NextAsync()).Id);
        using var over = await FollowAsync(opening.Lot, "?after=8");
        Assert.Equal(HttpStatusCode.NoContent, over.Status);
        using var nowhere = await FollowAsync(new TestLot { Deadline = host.Clock.GetUtcNow() }, "");
        Assert.Equal(HttpStatusCode.NotFound, nowhere.Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.Public().GetAsync(opening.Path("entries?after=-1"))).StatusCode);
    }

    [Fact]
    public async Task After_the_end_nothing_is_said_in_the_hall_and_shares_for_archives_are_still_taken()
    {
        var opening = await OpenAsync();
        foreach (var index in new[] { 1, 2 }) await opening.ReleasedAsync(index, opening.SharesOf(index, SealedPart.Price));
        await opening.RecordAsync();
        var said = await opening.EntriesAsync();
        Assert.Equal("opening-completed", said[^1].GetProperty("kind").GetString());
        foreach (var index in new[] { 1, 2 }) await opening.ReleasedAsync(index, opening.SharesOf(index, SealedPart.Files));
        foreach (var bid in opening.Bids) await opening.FilesAsync(bid, FilesStage.Opened);
        Assert.Equal(4, (await opening.EventsAsync<SharesReleased>()).Count);
        Assert.Equal(said.Length, (await opening.EntriesAsync()).Length);
        using var over = await FollowAsync(opening.Lot, $"?after={said.Length}");
        Assert.Equal(HttpStatusCode.NoContent, over.Status);
    }

    [Fact]
    public void One_person_or_address_opens_so_many_streams_and_no_others_are_kept_out()
    {
        var watch = host.Services.GetRequiredService<HallWatch>();
        var lot = Guid.NewGuid();
        ServiceDefaults.Caller person = new(Guid.NewGuid(), null, null, [], "192.0.2.1"), colleague = person with { PersonId = Guid.NewGuid() }, nobody = person with { PersonId = null };
        var entered = new List<(Hall, ServiceDefaults.Caller)>();
        void Enter(ServiceDefaults.Caller who) => entered.Add((watch.Enter(lot, who), who));
        void Refused(ServiceDefaults.Caller who) => Assert.Equal("too-many-watchers", Assert.Throws<ServiceDefaults.BusyException>(() => watch.Enter(lot, who)).Code);
        try
        {
            for (var i = 0; i < HallWatch.PerPersonMax; i++) Enter(person);
            Refused(person);
            Refused(person with { Address = "192.0.2.2" });
            Enter(colleague);                                                            // at the same address
            for (var i = 0; i < HallWatch.PerAddressMax; i++) Enter(nobody with { Address = $"2001:db8::{i:x}" });
            Refused(nobody with { Address = "2001:db8::ffff:0:1" });
            Enter(nobody with { Address = "2001:db8:0:1::1" });
            Enter(nobody);
            watch.Leave(entered[0].Item1, person);
            entered.RemoveAt(0);
            Enter(person);
        }
        finally { foreach (var (hall, who) in entered) watch.Leave(hall, who); }
    }

    [Fact]
    public async Task Before_the_start_the_stream_beats_and_says_nothing()
    {
        var opening = await CloseAsync();
        using var live = await FollowAsync(opening.Lot, "");
        Assert.StartsWith("retry: ", await live.LineAsync(), StringComparison.Ordinal);
        await live.LineAsync();
        Assert.StartsWith($": {host.Clock.GetUtcNow():yyyy-MM-dd}", await live.LineAsync(), StringComparison.Ordinal);
        await opening.SignInAsync(opening.Bidder(0));
        await host.StartAsync(opening.Lot);
        Assert.Equal(("1", "opening-started"), await live.NextAsync());
        Assert.Equal(("2", "party-signed-in"), await live.NextAsync());
    }

    private static Task<HttpResponseMessage> AnswerAsync(HttpClient agency, Opening opening, Guid objection) =>
        agency.PostAsync(opening.Path($"objections/{objection}/answer").ToString(), new { answer = "It was: entry 5." });

    private static async Task<(HttpStatusCode, string?)> ProblemAsync(HttpResponseMessage answer) => (answer.StatusCode, await answer.CodeAsync());

    private async Task<Live> FollowAsync(TestLot lot, string query, string? lastId = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"/api/bid-opening/lots/{lot.LotId}/hall{query}");
        if (lastId is not null) request.Headers.Add("Last-Event-ID", lastId);
        var answer = await host.Public().SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        if (answer.StatusCode == HttpStatusCode.InternalServerError) Assert.Fail(await answer.Content.ReadAsStringAsync());
        return new Live(answer, new StreamReader(await answer.Content.ReadAsStreamAsync()));
    }

    private sealed record Live(HttpResponseMessage Answer, StreamReader Reader) : IDisposable
    {
        public HttpStatusCode Status => Answer.StatusCode;

        public async Task<string?> LineAsync() => await Reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

        public async Task<(string Id, string Kind)> NextAsync()
        {
            var (id, kind) = ("", "");
            while (await LineAsync() is { } line)
            {
                if (line.StartsWith("id: ", StringComparison.Ordinal)) id = line[4..];
                if (line.StartsWith("event: ", StringComparison.Ordinal)) kind = line[7..];
                if (line.Length == 0 && kind.Length > 0) return (id, kind);
            }
            return ("", "closed");
        }

        public void Dispose() => Answer.Dispose();
    }
}
