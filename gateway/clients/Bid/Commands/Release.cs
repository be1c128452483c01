using System.Text;
using Tendering.Client;
using Tendering.Protocols;

namespace Tendering.Bid.Commands;

/// <summary>
/// A custodian fetches the sealed shares of all bids at once, opens them here and posts them. A share that the bidder sealed wrongly is told, and keeps
/// no other from its opening.
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

    public static async Task<object> RunAsync(Call call, CancellationToken ct)
    {
        var lot = call.Options.Id("--lot");
        using var key = await KeyFiles.ReadAsync(call.Options.Get("--key"), call.Secrets, ct);
        using var session = await call.SignInAsync(ct);
        var waiting = await session.GetAsync<SealedShares>($"api/bid-opening/lots/{lot}/sealed-shares", ct);
        var (opened, notOpened) = Open(waiting, key);
        if (opened.Count == 0 && notOpened.Count > 0 && notOpened.All(n => n.Code == "opening.other-key"))
            throw new UnfitException("opening.other-key", $"This is not the key of custodian {waiting.CustodianIndex} of this tender: use the file made for it.");
        var (good, wrong) = (0, new List<WrongItem>());
        foreach (var batch in opened.Chunk(BatchMax))
        {
            var answer = await session.PostAsync<Answer>($"api/bid-opening/lots/{lot}/shares", new { shares = batch }, ct);
            good += answer.Good;
            wrong.AddRange(answer.Wrong);
        }
        var result = new { custodian = waiting.CustodianIndex, bids = waiting.Bids.Length, good, wrong, notOpened };
        return wrong.Count + notOpened.Count == 0 ? result : throw new UnfitException("release.incomplete", "Some shares did not open or were not taken; the others were released.", result);
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
