using System.IO.Pipelines;
using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>An opened bid's archive is decrypted in the background. What fails here is recorded as a finding; the bid stays opened.</summary>
public static class OpenFilesWhenDue
{
    public static async Task Handle(Guid id, BidOpeningDb db, IServiceProvider services, DateTimeOffset now, CancellationToken ct)
    {
        var bid = await db.Bids.SingleAsync(b => b.Id == id, ct);
        bid.EndFiles(await OpenAsync(bid, services.GetRequiredService<IBlobStore>(), ct));
    }

    private static async Task<OpeningFact?> OpenAsync(ListedBid bid, IBlobStore store, CancellationToken ct)
    {
        if (!bid.IsAsClosed) return OpeningFact.ManifestDiffers;
        await using (var stored = await store.OpenReadAsync(bid.FilesStorageKey, ct))
        {
            if (stored is null) return OpeningFact.CiphertextMissing;
            if (!await BidOpener.CiphertextMatchesAsync(bid.Parsed, SealedPart.Files, stored, ct)) return OpeningFact.CiphertextDiffers;
        }
        if (!BidOpener.CommitmentHolds(bid.Parsed, SealedPart.Files, bid.FilesKey)) return OpeningFact.CommitmentFails;
        try
        {
            await DecryptAsync(bid, store, ct);
            return null;
        }
        catch (StreamCipherException)
        {
            await store.DeleteAsync(bid.OpenedKey, ct);                           // what came out before the fault is worth nothing
            return OpeningFact.CiphertextBroken;
        }
    }

    // The cipher writes, the store reads: a pipe between them, so that two gigabytes pass through little memory.
    private static async Task DecryptAsync(ListedBid bid, IBlobStore store, CancellationToken ct)
    {
        await using var stored = await store.OpenReadAsync(bid.FilesStorageKey, ct) ?? throw new IOException("The ciphertext went away.");
        var pipe = new Pipe();
        var length = StreamCipher.PlaintextLength(bid.Parsed.Files.Length)!.Value;
        await store.DeleteAsync(bid.OpenedKey, ct);
        var writing = WriteAsync();
        await using var content = pipe.Reader.AsStream();
        await store.WriteAsync(bid.OpenedKey, content, length, ct);
        await writing;

        async Task WriteAsync()
        {
            Exception? fault = null;
            try
            {
                await using var plain = pipe.Writer.AsStream(leaveOpen: true);
                await BidOpener.OpenAsync(bid.Parsed, SealedPart.Files, bid.FilesKey, stored, plain, ct);
            }
            catch (Exception e) { fault = e; }
            await pipe.Writer.CompleteAsync(fault);
        }
    }
}
