using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Tendering.BidOpening.Domain;
using Tendering.Contracts;
using Tendering.Contracts.BidOpening;
using Tendering.Protocols;
using Tendering.Testing;

namespace Tendering.BidOpening.Tests.Features;

/// <summary>A bidder that seals something else to a custodian than it signed: the custodian proves it, and the bidder answers for it.</summary>
public class ComplaintTests(OpeningHost host) : IClassFixture<OpeningHost>
{
    private BidManifest? _honest;

    // Bid 2 is sealed wrongly to these custodians, in its price part.
    private async Task<Opening> OpenAsync(params int[] wronged)
    {
        var lot = host.NewLot();
        var bids = await host.SealAsync(lot, 3);
        var honest = _honest = bids[1].Manifest;
        var sealedShares = honest.Price.SealedShares.ToArray();
        foreach (var index in wronged)
            sealedShares[index - 1] = Base64UrlText.Encode(Hpke.Seal(lot.Custodians[index - 1].PublicKeyBytes, SealingContext.ShareInfo(lot.TenderId, lot.LotId, honest.Bidder, 1, SealedPart.Price, index), [], [(byte)index, .. RandomNumberGenerator.GetBytes(32)]));
        bids[1] = TestBid.Sign(bids[1].Bidder, honest with { Parts = [honest.Price with { SealedShares = sealedShares }, honest.Files] }, bids[1].Price, bids[1].Files);
        return await host.OpenAsync(lot, bids);
    }

    private static Task<HttpResponseMessage> ComplainAsync(Opening opening, int index, int bid = 1, ShareComplaint? other = null)
    {
        var complaint = other ?? ShareComplaint.Make(opening.Bids[bid].Sealed.Manifest, SealedPart.Price, index, opening.Lot.Custodians[index - 1])!;
        return opening.Custodian(index).PostAsync(opening.Path("share-complaints").ToString(), new { bidId = opening.Bids[bid].Id, part = SealedPart.Price, complaint.SharedPoint, complaint.Proof });
    }

    private static IEnumerable<BidOpening.Features.ReleaseShares.Item> Others(Opening opening, int index) =>
        from bid in opening.Bids where bid != opening.Bids[1]
        select new BidOpening.Features.ReleaseShares.Item(bid.Id, SealedPart.Price, Base64UrlText.Encode(BidOpener.OpenShare(bid.Sealed.Manifest, SealedPart.Price, index, opening.Lot.Custodians[index - 1])));

    private async Task PassAsync(Opening opening)
    {
        host.Clock.Advance(TimeSpan.FromMinutes(opening.Lot.OpeningMinutes));
        await ServiceFixture.EventuallyAsync(async () => (await host.LookAsync(opening.Lot)).GetProperty("recoveryDueBy").ValueKind == JsonValueKind.String, "the bidders' time");
        host.Clock.Advance(TimeSpan.FromMinutes(opening.Lot.OpeningMinutes));
    }

    [Fact]
    public async Task A_bid_that_was_sealed_wrongly_to_too_many_is_its_bidders_fault_and_the_record_proves_it()
    {
        var opening = await OpenAsync(1, 2);
        foreach (var index in new[] { 1, 2 })
        {
            await opening.ReleasedAsync(index, Others(opening, index));
            Assert.Equal(HttpStatusCode.OK, (await ComplainAsync(opening, index)).StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await ComplainAsync(opening, index)).StatusCode);
        }
        await PassAsync(opening);
        var record = await opening.RecordAsync();
        Assert.Equal([1_000_000, null, 3_000_000], record.Bids.Select(b => b.Price));
        Assert.Equal(("revoked", "bidder", "share-sealed-wrong", "A36"), (record.Bids[1].Verdict, record.Bids[1].Cause, record.Bids[1].Fact, record.Bids[1].Rule));
        Assert.Equal([1, 2], record.Complaints!.Select(c => c.CustodianIndex));
        Assert.All(record.Complaints!, c => Assert.Equal(ComplaintVerdict.Upheld, ShareComplaint.Judge(opening.Bids[1].Sealed.Manifest, c.Part, c.CustodianIndex, new ShareComplaint(c.SharedPoint!, c.Proof!))));
        Assert.Equal(2, (await opening.EventsAsync<ShareComplaintUpheld>()).Count);
        Assert.Empty(record.WrongShares);
        Assert.Equal((HttpStatusCode.Conflict, "complaint-too-late"), await ProblemAsync(await ComplainAsync(opening, 3)));
    }

    [Fact]
    public async Task One_wronged_custodian_does_not_excuse_those_who_never_came()
    {
        var opening = await OpenAsync(1);
        await opening.ReleasedAsync(1, Others(opening, 1));
        Assert.Equal(HttpStatusCode.OK, (await ComplainAsync(opening, 1)).StatusCode);
        await PassAsync(opening);
        Assert.All((await opening.RecordAsync()).Bids, b => Assert.Equal(("withdrawn", "custodians", "shares-missing"), (b.Verdict, b.Cause, b.Fact)));
    }

    [Fact]
    public async Task A_custodian_that_complained_and_yet_found_its_share_counts_once()
    {
        var opening = await OpenAsync(1);
        await opening.ReleasedAsync(1, Others(opening, 1));
        Assert.Equal(HttpStatusCode.OK, (await ComplainAsync(opening, 1)).StatusCode);
        // From whom it has the share that the hash names is not ours to know.
        var share = Base64UrlText.Encode(BidOpener.OpenShare(_honest!, SealedPart.Price, 1, opening.Lot.Custodians[0]));
        Assert.Equal(1, (await opening.ReleasedAsync(1, [new(opening.Bids[1].Id, SealedPart.Price, share)])).Good);
        await PassAsync(opening);
        Assert.All((await opening.RecordAsync()).Bids, b => Assert.Equal(("withdrawn", "custodians", "shares-missing"), (b.Verdict, b.Cause, b.Fact)));
    }

    [Fact]
    public async Task Who_complained_of_all_it_could_not_release_is_not_named_as_missing()
    {
        var opening = await OpenAsync(1);
        await ComplainAsync(opening, 1);
        host.Clock.Advance(TimeSpan.FromMinutes(30));
        await ServiceFixture.EventuallyAsync(async () => (await opening.EventsAsync<OpeningReminded>()).Count == 1, "a reminder");
        await opening.ReleasedAsync(1, Others(opening, 1));
        host.Clock.Advance(TimeSpan.FromMinutes(24));
        await ServiceFixture.EventuallyAsync(async () => (await opening.EventsAsync<OpeningReminded>()).Count == 2, "a reminder");
        host.Clock.Advance(TimeSpan.FromMinutes(6));
        await ServiceFixture.EventuallyAsync(async () => (await opening.EventsAsync<RecoveryAsked>()).Count == 1, "the bidders' time");
        Assert.Equal(["1 2 3", "2 3"], (await opening.EventsAsync<OpeningReminded>()).Select(e => string.Join(' ', e.MissingCustodians)));
        Assert.Equal("2 3", string.Join(' ', (await opening.EventsAsync<RecoveryAsked>())[0].MissingCustodians));
    }

    [Fact]
    public async Task The_other_custodians_or_the_bidder_itself_still_open_it()
    {
        var opening = await OpenAsync(1);
        await ComplainAsync(opening, 1);
        await opening.ReleasedAsync(1, Others(opening, 1));
        await opening.ReleasedAsync(2);
        await opening.ReleasedAsync(3);
        Assert.All((await opening.RecordAsync()).Bids, b => Assert.NotNull(b.Price));

        opening = await OpenAsync(1, 2);
        foreach (var index in new[] { 1, 2 }) { await ComplainAsync(opening, index); await opening.ReleasedAsync(index, Others(opening, index)); }
        Assert.Equal(HttpStatusCode.OK, (await opening.RecoverAsync(opening.Bids[1], Opening.RecoveredKey(opening.Bids[1], SealedPart.Price), null)).StatusCode);
        Assert.Equal("recovery", (await opening.RecordAsync()).Bids[1].OpenedBy);
    }

    [Fact]
    public async Task A_custodian_cannot_put_its_own_failure_on_a_bidder()
    {
        var opening = await OpenAsync(1);
        Assert.Equal((HttpStatusCode.Conflict, "share-is-good"), await ProblemAsync(await ComplainAsync(opening, 2)));
        using var lost = CustodianKey.Generate();
        Assert.Equal((HttpStatusCode.Conflict, "complaint-not-proven"), await ProblemAsync(await ComplainAsync(opening, 2, other: ShareComplaint.Make(opening.Bids[1].Sealed.Manifest, SealedPart.Price, 2, lost))));
        Assert.Equal((HttpStatusCode.Conflict, "complaint-not-proven"), await ProblemAsync(await opening.Custodian(1).PostAsync(opening.Path("share-complaints").ToString(), new { bidId = opening.Bids[1].Id, part = SealedPart.Price })));
        Assert.Equal(HttpStatusCode.Forbidden, (await host.As(Roles.Supervisor).PostAsync(opening.Path("share-complaints").ToString(), new { bidId = opening.Bids[1].Id, part = SealedPart.Price })).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await opening.Custodian(1).PostAsync(opening.Path("share-complaints").ToString(), new { bidId = opening.Bids[1].Id, part = "else", sharedPoint = "zz" })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await opening.Custodian(1).PostAsync(opening.Path("share-complaints").ToString(), new { bidId = Guid.NewGuid(), part = SealedPart.Price })).StatusCode);
        Assert.Empty(await opening.EventsAsync<ShareComplaintUpheld>());
    }

    private static async Task<(HttpStatusCode, string?)> ProblemAsync(HttpResponseMessage answer) => (answer.StatusCode, await answer.CodeAsync());
}
