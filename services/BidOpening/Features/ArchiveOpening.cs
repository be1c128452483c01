using Tendering.BidOpening.Domain;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>
/// Opens an archive without a copy of it in the clear: its ciphertext is hashed and decrypted in one pass, then what it holds is looked into as whoever unpacks it will, so that a bomb, a name
/// that leads elsewhere or a content that is not what the directory says is found here and not on an expert's machine. Whoever reads it later has it decrypted as it is read.
/// </summary>
public static class ArchiveOpening
{
    /// <summary>
    /// Null if the archive is what its bidder committed to and can be unpacked, or why it stays closed. What the platform lost or changed is asked first: the bidder never answers for that.
    /// Whatever the store does not do is an <see cref="IOException"/>.
    /// </summary>
    public static async Task<OpeningFact?> OpenAsync(BidManifest manifest, byte[]? key, string cipherKey, IBlobStore store, CancellationToken ct)
    {
        try { return await DecryptAsync(manifest, key, cipherKey, store, ct) ?? await LookAsync(manifest, key!, cipherKey, store, ct); }
        catch (Exception e) when (e is not (IOException or OperationCanceledException)) { throw new IOException("The storage did not do what was asked.", e); }
    }

    /// <summary>The archive of a bid whose archive was opened.</summary>
    public static PlaintextStream Read(BidManifest manifest, byte[] key, string cipherKey, IBlobStore store) => BidOpener.Read(manifest, SealedPart.Files, key,
        async (offset, ct) => await store.OpenReadAsync(cipherKey, offset, ct) ?? throw new IOException("The content is gone."));

    private static async Task<OpeningFact?> DecryptAsync(BidManifest manifest, byte[]? key, string cipherKey, IBlobStore store, CancellationToken ct)
    {
        var part = manifest.Files;
        await using var stored = await store.OpenReadAsync(cipherKey, ct);
        if (stored is null) return OpeningFact.CiphertextMissing;
        await using var cipher = new DigestingReadStream(stored);
        OpeningFact? fault = null;
        if (!BidOpener.CommitmentHolds(manifest, part.Name, key)) fault = OpeningFact.CommitmentFails;
        else
        {
            try { await BidOpener.OpenAsync(manifest, part.Name, key, cipher, Stream.Null, ct); }
            catch (StreamCipherException) { fault = OpeningFact.CiphertextBroken; }
        }
        return await cipher.MatchesAsync(part.Length, part.Digest, ct) ? fault : OpeningFact.CiphertextDiffers;
    }

    private static async Task<OpeningFact?> LookAsync(BidManifest manifest, byte[] key, string cipherKey, IBlobStore store, CancellationToken ct)
    {
        await using var plain = Read(manifest, key, cipherKey, store);
        try { await BidArchive.CheckAsync(plain, ct); }
        catch (ArchiveException) { return OpeningFact.ArchiveUnfit; }
        // Between the two passes somebody changed what is stored.
        catch (StreamCipherException) { return OpeningFact.CiphertextDiffers; }
        return null;
    }
}
