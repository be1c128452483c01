using System.Security.Cryptography;

namespace Tendering.Protocols;

/// <summary>Opens a sealed bid: custodians their shares, the platform or anybody the parts, a bidder its recovery copy.</summary>
public static class BidOpener
{
    /// <summary>The encoded share of custodian <paramref name="custodianIndex"/>, counted from 1; an <see cref="OpeningException"/> tells another key from a share sealed wrongly.</summary>
    public static byte[] OpenShare(BidManifest manifest, string part, int custodianIndex, CustodianKey custodian)
    {
        if (custodianIndex < 1 || custodianIndex > manifest.CustodianKeys.Count || manifest.CustodianKeys[custodianIndex - 1] != custodian.PublicKey)
        {
            throw new OpeningException("opening.other-key", $"This is not the key of custodian {custodianIndex} in the manifest.");
        }

        var info = SealingContext.ShareInfo(manifest.Tender, manifest.Lot, manifest.Bidder, manifest.Revision, part, custodianIndex);
        var share = Open(custodian, info, manifest.Part(part).SealedShares[custodianIndex - 1], "opening.share-sealed-wrong");
        return ShareMatches(manifest, part, custodianIndex, share)
            ? share
            : throw new OpeningException("opening.share-differs", "The bidder sealed another share than the manifest's hash names.");
    }

    /// <summary>Is this the encoded share whose hash the manifest holds for this custodian?</summary>
    public static bool ShareMatches(BidManifest manifest, string part, int custodianIndex, ReadOnlySpan<byte> share)
        => custodianIndex >= 1 && custodianIndex <= manifest.CustodianKeys.Count
            && share.Length == 1 + SealingContext.KeyLength && share[0] == custodianIndex
            && HexText.Sha256(share) == manifest.Part(part).ShareHashes[custodianIndex - 1];

    /// <summary>The part's key from encoded shares, at least as many as the threshold; whether it is the right one, <see cref="CommitmentHolds"/> says.</summary>
    public static byte[] RebuildKey(IEnumerable<byte[]> shares) => Shamir.Combine([.. shares.Select(share => Share.Decode(share))]);

    /// <summary>Is this the one key the part was committed to?</summary>
    public static bool CommitmentHolds(BidManifest manifest, string part, ReadOnlySpan<byte> cek)
        => cek.Length == SealingContext.KeyLength
            && CryptographicOperations.FixedTimeEquals(SealingContext.Commitment(cek), HexText.TryDecode(manifest.Part(part).Commitment, 32));

    /// <summary>Is a stored ciphertext what the manifest says, by length and digest? If not, the platform answers for it, not the bidder.</summary>
    public static async Task<bool> CiphertextMatchesAsync(BidManifest manifest, string part, Stream cipher, CancellationToken cancellation = default)
    {
        using var digest = new BlockDigest();
        var buffer = new byte[128 * 1024];
        while (digest.Length <= manifest.Part(part).Length && await cipher.ReadAsync(buffer, cancellation) is var read and > 0)
        {
            digest.Append(buffer.AsSpan(0, read));
        }

        return digest.Length == manifest.Part(part).Length && digest.Finish() == manifest.Part(part).Digest;
    }

    /// <summary>
    /// Decrypts a part whose ciphertext matches the manifest. An <see cref="OpeningException"/> (commitment) or <see cref="StreamCipherException"/>
    /// is then the bidder's own doing; plaintext written before it must be discarded.
    /// </summary>
    public static async Task OpenAsync(BidManifest manifest, string part, ReadOnlyMemory<byte> cek, Stream cipher, Stream plain, CancellationToken cancellation = default)
    {
        if (!CommitmentHolds(manifest, part, cek.Span))
        {
            throw new OpeningException("opening.commitment", "This is not the key that the manifest commits to.");
        }

        var aad = SealingContext.Aad(manifest.Tender, manifest.Lot, manifest.Bidder, manifest.Revision, part);
        await StreamCipher.DecryptAsync(cipher, plain, SealingContext.PayloadKey(cek.Span), aad, cancellation);
    }

    /// <summary>A part's plaintext, to be read from anywhere, of a ciphertext that was found to match the manifest; <paramref name="open"/> gives it from an offset on.</summary>
    public static PlaintextStream Read(BidManifest manifest, string part, ReadOnlyMemory<byte> cek, Func<long, CancellationToken, Task<Stream>> open)
        => new(open, manifest.Part(part).Length, SealingContext.PayloadKey(cek.Span), SealingContext.Aad(manifest.Tender, manifest.Lot, manifest.Bidder, manifest.Revision, part));

    /// <summary>Decrypts a part that fits in memory, with <see cref="OpenAsync(BidManifest, string, ReadOnlyMemory{byte}, Stream, Stream, CancellationToken)"/>'s errors.</summary>
    public static async Task<byte[]> OpenAsync(BidManifest manifest, string part, ReadOnlyMemory<byte> cek, byte[] cipher, CancellationToken cancellation = default)
    {
        using var input = new MemoryStream(cipher, writable: false);
        using var output = new MemoryStream();
        await OpenAsync(manifest, part, cek, input, output, cancellation);
        return output.ToArray();
    }

    /// <summary>The part's key from the bidder's recovery copy: the second, independent way; an <see cref="OpeningException"/> if key or copy is wrong.</summary>
    public static byte[] OpenRecoveryCopy(BidManifest manifest, string part, CustodianKey recovery)
    {
        var info = SealingContext.RecoveryInfo(manifest.Tender, manifest.Lot, manifest.Bidder, manifest.Revision, part);
        var cek = Open(recovery, info, manifest.Part(part).SealedRecoveryCopy, "opening.recovery-copy");
        return CommitmentHolds(manifest, part, cek) ? cek : throw new OpeningException("opening.commitment", "The recovery copy is not the key that the manifest commits to.");
    }

    private static byte[] Open(CustodianKey key, byte[] info, string sealedText, string fault)
    {
        try
        {
            return key.Open(info, Base64UrlText.Decode(sealedText));
        }
        catch (CryptographicException e)
        {
            throw new OpeningException(fault, "This key does not open what was sealed here.", e);
        }
    }
}
