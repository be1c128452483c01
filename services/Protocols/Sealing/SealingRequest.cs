namespace Tendering.Protocols;

/// <summary>What a bidder's device needs to know to seal a bid.</summary>
/// <param name="CustodianKeys">Public keys (<see cref="CustodianKey.PublicKey"/>) in the order of the tender notice.</param>
/// <param name="Threshold">How many custodians open; at least 2.</param>
public sealed record SealingRequest(
    Guid Tender, Guid Lot, Guid Bidder, int Revision, IReadOnlyList<string> CustodianKeys, int Threshold, string RecoveryPublicKey);

/// <summary>A whole sealed bid in memory: manifest and both ciphertexts.</summary>
public sealed record SealedBid(BidManifest Manifest, byte[] Price, byte[] Files);
