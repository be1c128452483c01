namespace Tendering.Protocols;

/// <summary>The rules of a manifest of version 1 and suite 1 that its JSON form alone does not hold.</summary>
internal static class ManifestCheck
{
    private const int SealedOverhead = Hpke.EncapsulationLength + Hpke.TagLength;
    private const int SealedShareLength = SealedOverhead + 1 + SealingContext.KeyLength;
    private const int SealedKeyLength = SealedOverhead + SealingContext.KeyLength;

    public static void RefuseUnfit(BidManifest manifest)
    {
        RefuseUnfitHead(manifest);
        Require(
            manifest.Parts.All(part => part is not null) && manifest.Parts.Select(part => part.Name).SequenceEqual(SealedPart.All),
            ManifestFault.Parts, "The parts are not price and files, in this order.");
        foreach (var part in manifest.Parts)
        {
            RefuseUnfit(part, manifest.CustodianKeys.Count);
        }
    }

    /// <summary>Everything but the parts: checked before two gigabytes are encrypted, not after.</summary>
    public static void RefuseUnfitHead(BidManifest manifest)
    {
        Require(manifest.Version == BidManifest.VersionOne, ManifestFault.Version, "The version is not 1.");
        Require(manifest.Suite == BidManifest.SuiteOne, ManifestFault.Suite, "The suite is not 1.");
        Require(
            manifest.Tender != Guid.Empty && manifest.Lot != Guid.Empty && manifest.Bidder != Guid.Empty && manifest.Revision > 0,
            ManifestFault.Identity, "Tender, lot, bidder or revision is missing.");
        var keys = manifest.CustodianKeys;
        Require(
            keys.Count is >= 2 and <= BidManifest.CustodiansMax && keys.Distinct().Count() == keys.Count && keys.All(CustodianKey.IsPublicKey),
            ManifestFault.Custodians, $"There must be 2 to {BidManifest.CustodiansMax} different custodians' keys, each a P-256 point.");
        Require(manifest.Threshold >= 2 && manifest.Threshold <= keys.Count, ManifestFault.Threshold, "The threshold is not between 2 and the number of custodians.");
        Require(CustodianKey.IsPublicKey(manifest.RecoveryKey), ManifestFault.RecoveryKey, "The recovery key is not a P-256 point.");
    }

    private static void RefuseUnfit(ManifestPart part, int custodians)
    {
        Require(
            StreamCipher.PlaintextLength(part.Length) is { } length && length <= SealedPart.LengthMax(part.Name),
            ManifestFault.Length, $"No plaintext of {part.Name} gives a ciphertext of {part.Length} bytes.");
        Require(HexText.IsSha256(part.Digest) && HexText.IsSha256(part.Commitment), ManifestFault.Hash, "Digest or commitment is not 32 bytes of hexadecimal.");
        Require(
            part.ShareHashes.Count == custodians && part.ShareHashes.All(HexText.IsSha256)
                && part.SealedShares.Count == custodians && part.SealedShares.All(share => IsBase64Url(share, SealedShareLength)),
            ManifestFault.Shares, $"There must be one hash and one sealed share for each of {custodians} custodians.");
        Require(IsBase64Url(part.SealedRecoveryCopy, SealedKeyLength), ManifestFault.RecoveryCopy, $"The sealed recovery copy is not {SealedKeyLength} bytes of base64url.");
    }

    private static bool IsBase64Url(string? text, int length) => text is not null && Base64UrlText.TryDecode(text)?.Length == length;

    private static void Require(bool holds, string fault, string message)
    {
        if (!holds)
        {
            throw new ManifestException(fault, message);
        }
    }
}
