using System.Collections.Concurrent;
using System.Text;
using Tendering.Protocols;

namespace Tendering.Replay.Client;

/// <summary>Holds one share of what opens a tender's bids; its private keys never leave this object.</summary>
public sealed class Custodian(Session session, Guid organisationId)
{
    private readonly ConcurrentDictionary<Guid, CustodianKey> _keys = new();

    public Guid OrganisationId { get; } = organisationId;

    public async Task MakeKeyAsync(Guid tender, CancellationToken ct)
    {
        var key = _keys.GetOrAdd(tender, _ => CustodianKey.Generate());
        await session.PostAsync($"api/tenders/{tender}/custodian-keys", new { publicKey = key.PublicKey }, ct);
    }

    /// <summary>Fetches the sealed shares of all bids at once, opens them here and posts them; returns how many were good.</summary>
    public async Task<int> ReleaseAsync(Guid tender, Guid lot, CancellationToken ct)
    {
        var waiting = await session.UntilAsync<SealedShares>($"api/bid-opening/lots/{lot}/sealed-shares", s => s.Bids.Length > 0, "the sealed shares", ct);
        var shares = from bid in waiting.Bids
                     let manifest = BidManifest.Parse(Encoding.UTF8.GetBytes(bid.Manifest))
                     from part in SealedPart.All
                     select new { bidId = bid.BidId, part, share = Encode(BidOpener.OpenShare(manifest, part, waiting.CustodianIndex, _keys[tender])) };
        return (await session.PostAsync<SharesAnswer>($"api/bid-opening/lots/{lot}/shares", new { shares = shares.ToArray() }, ct)).Good;
    }

    private static string Encode(byte[] share) => System.Buffers.Text.Base64Url.EncodeToString(share);
}
