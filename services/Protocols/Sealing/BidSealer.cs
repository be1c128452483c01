using System.Security.Cryptography;

namespace Tendering.Protocols;

/// <summary>Seals a bid on the bidder's device: suite 1 of the sealed bids.</summary>
public static class BidSealer
{
    /// <summary>Encrypts both parts to the output streams and returns the manifest to be signed; a request that no manifest allows is a <see cref="ManifestException"/>.</summary>
    public static async Task<BidManifest> SealAsync(
        SealingRequest request, Stream pricePlain, Stream priceCipher, Stream filesPlain, Stream filesCipher, CancellationToken cancellation = default)
    {
        var head = new BidManifest(
            BidManifest.VersionOne, BidManifest.SuiteOne, request.Tender, request.Lot, request.Bidder, request.Revision,
            request.CustodianKeys, request.Threshold, request.RecoveryPublicKey, []);
        ManifestCheck.RefuseUnfitHead(head);
        var price = await SealPartAsync(request, SealedPart.Price, pricePlain, priceCipher, cancellation);
        var files = await SealPartAsync(request, SealedPart.Files, filesPlain, filesCipher, cancellation);
        var manifest = head with { Parts = [price, files] };
        ManifestCheck.RefuseUnfit(manifest);
        return manifest;
    }

    /// <summary>Seals a bid that fits in memory.</summary>
    public static async Task<SealedBid> SealAsync(SealingRequest request, byte[] price, byte[] files, CancellationToken cancellation = default)
    {
        using var priceCipher = new MemoryStream();
        using var filesCipher = new MemoryStream();
        using var pricePlain = new MemoryStream(price, writable: false);
        using var filesPlain = new MemoryStream(files, writable: false);
        var manifest = await SealAsync(request, pricePlain, priceCipher, filesPlain, filesCipher, cancellation);
        return new SealedBid(manifest, priceCipher.ToArray(), filesCipher.ToArray());
    }

    private static async Task<ManifestPart> SealPartAsync(SealingRequest request, string part, Stream plain, Stream cipher, CancellationToken cancellation)
    {
        var cek = RandomNumberGenerator.GetBytes(SealingContext.KeyLength);
        var aad = SealingContext.Aad(request.Tender, request.Lot, request.Bidder, request.Revision, part);
        await using var digesting = new DigestingStream(cipher);
        await StreamCipher.EncryptAsync(plain, digesting, SealingContext.PayloadKey(cek), aad, cancellation);
        var length = digesting.Written;
        var shares = Shamir.Split(cek, request.Threshold, request.CustodianKeys.Count).Select(share => share.Encode()).ToArray();
        var sealedPart = new ManifestPart(
            part, length, digesting.Finish(),
            HexText.Encode(SealingContext.Commitment(cek)),
            [.. shares.Select(share => HexText.Sha256(share))],
            [.. shares.Select((share, i) => SealShare(request, part, i + 1, share))],
            SealRecoveryCopy(request, part, cek));
        CryptographicOperations.ZeroMemory(cek);
        return sealedPart;
    }

    private static string SealShare(SealingRequest request, string part, int index, byte[] share)
        => Base64UrlText.Encode(Hpke.Seal(
            Base64UrlText.Decode(request.CustodianKeys[index - 1]),
            SealingContext.ShareInfo(request.Tender, request.Lot, request.Bidder, request.Revision, part, index), [], share));

    private static string SealRecoveryCopy(SealingRequest request, string part, byte[] cek)
        => Base64UrlText.Encode(Hpke.Seal(
            Base64UrlText.Decode(request.RecoveryPublicKey),
            SealingContext.RecoveryInfo(request.Tender, request.Lot, request.Bidder, request.Revision, part), [], cek));
}
