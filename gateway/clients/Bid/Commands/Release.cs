using System.Text;
using Tendering.Client;
using Tendering.Protocols;

namespace Tendering.Bid.Commands;

/// <summary>
/// A custodian fetches the sealed shares of all bids at once, opens them here and posts them. A share that the bidder sealed wrongly is complained of with its proof
/// (<see cref="ShareComplaint"/>), so that the bidder answers for it, and keeps no other from its opening.
/// </summary>
internal static class Release
{
    private const int BatchMax = 2_000;

    private sealed record SealedBidItem(Guid BidId, string Manifest);
    private sealed record SealedShares(int CustodianIndex, SealedBidItem[] Bids);
    private sealed record ShareItem(Guid BidId, string Part, string Share);
    private sealed record WrongItem(Guid BidId, string Part);
    private sealed record Answer(int Good, WrongItem[] Wrong);
    private sealed record NotOpened(Guid BidId, string Part, string Code);

    /// <param name="Answer"><c>upheld</c>, or the code with which the platform refused it.</param>
    private sealed record Complaint(Guid BidId, string Part, string Answer);

    public static async Task<object> RunAsync(Call call, CancellationToken ct)
    {
        var lot = call.Options.Id("--lot");
        using var key = await KeyFiles.ReadAsync(call.Options.Get("--key"), call.Secrets, ct);
        using var session = await call.SignInAsync(ct);
        var waiting = await session.GetAsync<SealedShares>($"api/bid-opening/lots/{lot}/sealed-shares", ct);
        var (opened, notOpened) = Open(waiting, key);
        if (opened.Count == 0 && notOpened.Count > 0 && notOpened.All(n => n.Code == "opening.other-key"))
            throw new UnfitException("opening.other-key", $"This is not the key of custodian {waiting.CustodianIndex} of this tender: use the file made for it.");
        // First: the last share that is missing may end the time for complaints.
        var complaints = await ComplainAsync(session, lot, waiting, notOpened, key, ct);
        var (good, wrong) = (0, new List<WrongItem>());
        foreach (var batch in opened.Chunk(BatchMax))
        {
            var answer = await session.PostAsync<Answer>($"api/bid-opening/lots/{lot}/shares", new { shares = batch }, ct);
            good += answer.Good;
            wrong.AddRange(answer.Wrong);
        }
        var result = new { custodian = waiting.CustodianIndex, bids = waiting.Bids.Length, good, wrong, notOpened, complaints };
        return wrong.Count + notOpened.Count == 0 ? result : throw new UnfitException("release.incomplete", "Some shares did not open or were not taken; the others were released.", result);
    }

    // Each proof shows one shared point, which opens the share that was sealed wrongly (ADR 9 says what else it may).
    private static async Task<List<Complaint>> ComplainAsync(Session session, Guid lot, SealedShares waiting, List<NotOpened> notOpened, CustodianKey key, CancellationToken ct)
    {
        var (complaints, manifests) = (new List<Complaint>(), waiting.Bids.ToDictionary(b => b.BidId, b => b.Manifest));
        foreach (var one in notOpened.Where(n => n.Code is "opening.share-sealed-wrong" or "opening.share-differs"))
        {
            var made = ShareComplaint.Make(BidManifest.Parse(Encoding.UTF8.GetBytes(manifests[one.BidId])), one.Part, waiting.CustodianIndex, key);
            var answer = "upheld";
            try { await session.PostAsync($"api/bid-opening/lots/{lot}/share-complaints", new { one.BidId, one.Part, made?.SharedPoint, made?.Proof }, ct); }
            catch (RefusedException e) { answer = e.Code; }
            complaints.Add(new Complaint(one.BidId, one.Part, answer));
        }
        return complaints;
    }

    private static (List<ShareItem> Opened, List<NotOpened> NotOpened) Open(SealedShares waiting, CustodianKey key)
    {
        var (opened, notOpened) = (new List<ShareItem>(), new List<NotOpened>());
        foreach (var bid in waiting.Bids)
            foreach (var part in SealedPart.All)
            {
                try
                {
                    var manifest = BidManifest.Parse(Encoding.UTF8.GetBytes(bid.Manifest));
                    opened.Add(new ShareItem(bid.BidId, part, Base64UrlText.Encode(BidOpener.OpenShare(manifest, part, waiting.CustodianIndex, key))));
                }
                catch (ProtocolException e) { notOpened.Add(new NotOpened(bid.BidId, part, e.Code)); }
            }
        return (opened, notOpened);
    }
}
