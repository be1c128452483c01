using Tendering.BidOpening.Domain;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>
/// Opens an archive without a copy of it in the clear: its ciphertext is hashed, then decrypted while what it holds is looked into as whoever unpacks it will, so that a bomb, a name that leads
/// elsewhere or a content that is not what the directory says is found here and not on an expert's machine. Whoever reads it later has it decrypted as it is read.
/// </summary>
public static class ArchiveOpening
{
    /// <summary>
    /// Null if the archive is what its bidder committed to and can be unpacked, or why it stays closed. What the platform lost or changed is asked first: the bidder never answers for that.
    /// Whatever the store does not do is an <see cref="IOException"/>.
    /// </summary>
    public static async Task<OpeningFact?> OpenAsync(BidManifest manifest, byte[]? key, string cipherKey, IBlobStore store, CancellationToken ct)
    {
        return await FindLossAsync(manifest, cipherKey, store, ct)
            ?? (BidOpener.CommitmentHolds(manifest, SealedPart.Files, key) ? await LookAsync(manifest, key!, cipherKey, store, ct) : OpeningFact.CommitmentFails);
    }

    /// <summary>The archive of a bid whose archive was opened.</summary>
    public static PlaintextStream Read(BidManifest manifest, byte[] key, string cipherKey, IBlobStore store) => BidOpener.Read(manifest, SealedPart.Files, key,
        async (offset, ct) => await store.OpenReadAsync(cipherKey, offset, ct) ?? throw new IOException("The content is gone."));

    private static async Task<OpeningFact?> FindLossAsync(BidManifest manifest, string cipherKey, IBlobStore store, CancellationToken ct)
    {
        await using var stored = await store.OpenReadAsync(cipherKey, ct);
        if (stored is null) return OpeningFact.CiphertextMissing;
        return await BlockDigest.MatchesAsync(stored, manifest.Files.Length, manifest.Files.Digest, ct) ? null : OpeningFact.CiphertextDiffers;
    }

    // What cannot be decrypted is told before what cannot be unpacked, wherever in the archive it is.
    private static async Task<OpeningFact?> LookAsync(BidManifest manifest, byte[] key, string cipherKey, IBlobStore store, CancellationToken ct)
    {
        if (StreamCipher.PlaintextLength(manifest.Files.Length) is null) return OpeningFact.CiphertextBroken;
        await using var plain = Read(manifest, key, cipherKey, store);
        OpeningFact? fault = null;
        try
        {
            try { await BidArchive.CheckAsync(plain, ct); }
            // A reader of archives takes a storage that gives too little for an archive that ends too early.
            catch (ArchiveException) when (!plain.HasFailed) { fault = OpeningFact.ArchiveUnfit; }
            catch (ArchiveException e) { throw new IOException("The storage did not give all of the archive.", e); }
            await plain.CheckRestAsync(ct);
        }
        catch (StreamCipherException) { return await JudgeAsync(manifest, key, cipherKey, store, ct); }
        return fault;
    }

    // Before a bidder is blamed the very bytes that do not decrypt are hashed: a storage that gave others than a moment ago is not its fault.
    private static async Task<OpeningFact> JudgeAsync(BidManifest manifest, byte[] key, string cipherKey, IBlobStore store, CancellationToken ct)
    {
        await using var stored = await store.OpenReadAsync(cipherKey, ct);
        if (stored is null) return OpeningFact.CiphertextMissing;
        await using var cipher = new DigestingReadStream(stored);
        var isBroken = false;
        try { await BidOpener.OpenAsync(manifest, SealedPart.Files, key, cipher, Stream.Null, ct); }
        catch (StreamCipherException) { isBroken = true; }
        if (!await cipher.MatchesAsync(manifest.Files.Length, manifest.Files.Digest, ct)) return OpeningFact.CiphertextDiffers;
        return isBroken ? OpeningFact.CiphertextBroken : throw new IOException("The storage gave other bytes than a moment ago.");
    }
}
