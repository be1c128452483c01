using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>
/// From an archive's ciphertext to the archive, in one pass: what is decrypted is hashed beside it. The archive is not unpacked, so that whatever paths and sizes it
/// claims to hold touch nothing here.
/// </summary>
public static class ArchiveOpening
{
    /// <summary>
    /// Null, with the archive written but not flushed, or why the archive stays closed. What the platform lost or changed is asked first: the bidder never answers for that. Before each
    /// piece is written <paramref name="requireAllowed"/> throws where another has taken over.
    /// </summary>
    public static async Task<OpeningFact?> OpenAsync(BidManifest manifest, byte[]? key, string cipherKey, string plainKey, IBlobStore store, CancellationToken ct, Func<Task>? requireAllowed = null)
    {
        var part = manifest.Files;
        await using var stored = await store.OpenReadAsync(cipherKey, ct);
        if (stored is null) return OpeningFact.CiphertextMissing;
        await using var cipher = new DigestingReadStream(stored);
        var fault = BidOpener.CommitmentHolds(manifest, part.Name, key) ? await DecryptAsync(manifest, key, cipher, plainKey, store, requireAllowed, ct) : OpeningFact.CommitmentFails;
        if (!await cipher.MatchesAsync(part.Length, part.Digest, ct)) fault = OpeningFact.CiphertextDiffers;
        if (fault is not null) await store.DeleteAsync(plainKey, ct);                  // what came out before the fault is worth nothing
        return fault;
    }

    private static async Task<OpeningFact?> DecryptAsync(BidManifest manifest, byte[]? key, DigestingReadStream cipher, string plainKey, IBlobStore store, Func<Task>? requireAllowed, CancellationToken ct)
    {
        await store.DeleteAsync(plainKey, ct);
        await using var plain = new BlobWriteStream(store, plainKey, StreamCipher.PlaintextLength(manifest.Files.Length) ?? 0, requireAllowed);
        try { await BidOpener.OpenAsync(manifest, SealedPart.Files, key, cipher, plain, ct); }
        catch (StreamCipherException) { return OpeningFact.CiphertextBroken; }
        // More plaintext than the manifest's length allows: the ciphertext is longer, and its digest will say so.
        catch (RuleBrokenException) { return OpeningFact.CiphertextBroken; }
        await plain.EndAsync(ct);
        return null;
    }
}
