using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tendering.Protocols;

/// <summary>
/// What a bidder signs and the platform stores: who bids on what, and for each part what its ciphertext, key and shares must be.
/// Hashes, digests and commitments are lower-case hexadecimal; keys, shares and sealed copies base64url without padding.
/// </summary>
/// <param name="Suite">1: P-256, SHA-256, AES-256-GCM STREAM of 64 KiB, HPKE 0x0010/0x0001/0x0001.</param>
/// <param name="CustodianKeys">Public keys in the order of the tender notice: the first is custodian 1.</param>
/// <param name="Threshold">How many shares rebuild a key.</param>
/// <param name="Parts">First <c>price</c>, then <c>files</c>.</param>
public sealed record BidManifest(
    int Version,
    int Suite,
    Guid Tender,
    Guid Lot,
    Guid Bidder,
    int Revision,
    IReadOnlyList<string> CustodianKeys,
    int Threshold,
    string RecoveryKey,
    IReadOnlyList<ManifestPart> Parts)
{
    public const int VersionOne = 1;
    public const int SuiteOne = 1;
    public const int BytesMax = 64 * 1024;
    public const int CustodiansMax = 16;

    [JsonIgnore]
    public ManifestPart Price => Part(SealedPart.Price);

    [JsonIgnore]
    public ManifestPart Files => Part(SealedPart.Files);

    /// <summary>Reads the exact canonical bytes; whatever is unknown, missing or of a wrong length or count is a <see cref="ManifestException"/>.</summary>
    public static BidManifest Parse(ReadOnlySpan<byte> canonical)
    {
        if (canonical.Length > BytesMax)
        {
            throw new ManifestException(ManifestFault.TooLong, $"A manifest has at most {BytesMax} bytes.");
        }

        try
        {
            var manifest = CanonicalJson.Deserialize<BidManifest>(canonical);
            ManifestCheck.RefuseUnfit(manifest);
            return manifest;
        }
        catch (JsonException e)
        {
            RefuseOtherVersions(canonical);
            throw new ManifestException(ManifestFault.Malformed, "The manifest is not canonical JSON of this version's members.", e);
        }
    }

    public byte[] Canonical() => CanonicalJson.Serialize(this);

    /// <summary>SHA-256 of the canonical bytes, 64 lower-case hexadecimal digits.</summary>
    public string Hash() => HexText.Sha256(Canonical());

    public ManifestPart Part(string name) => Parts.Single(part => part.Name == name);

    // Told apart: another version may well have other members, and "malformed" would send its sender on a false track.
    private static void RefuseOtherVersions(ReadOnlySpan<byte> json)
    {
        try
        {
            var head = JsonSerializer.Deserialize<Head>(json);
            if (head is { Version: { } version } && version != VersionOne)
            {
                throw new ManifestException(ManifestFault.Version, $"Manifest version {version} is not known here.");
            }

            if (head is { Suite: { } suite } && suite != SuiteOne)
            {
                throw new ManifestException(ManifestFault.Suite, $"Sealing suite {suite} is not known here.");
            }
        }
        catch (JsonException e)
        {
            throw new ManifestException(ManifestFault.Malformed, "The manifest is not a JSON object.", e);
        }
    }

    private sealed record Head([property: JsonPropertyName("version")] int? Version, [property: JsonPropertyName("suite")] int? Suite);
}

/// <summary>One encrypted part of a bid.</summary>
/// <param name="Name"><c>price</c> or <c>files</c>.</param>
/// <param name="Length">Bytes of the ciphertext.</param>
/// <param name="Digest">The ciphertext's <see cref="BlockDigest"/>.</param>
/// <param name="Commitment"><see cref="SealingContext.Commitment"/> of the part's key.</param>
/// <param name="ShareHashes">SHA-256 of each encoded share (index byte and value), by custodian.</param>
/// <param name="SealedShares">Each encoded share, sealed by HPKE to its custodian.</param>
/// <param name="SealedRecoveryCopy">The part's key, sealed by HPKE to the bidder's recovery key.</param>
public sealed record ManifestPart(
    string Name,
    long Length,
    string Digest,
    string Commitment,
    IReadOnlyList<string> ShareHashes,
    IReadOnlyList<string> SealedShares,
    string SealedRecoveryCopy);
