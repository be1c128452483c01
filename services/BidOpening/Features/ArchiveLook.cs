using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>
/// Looks into an opened archive as whoever unpacks it will, and writes nothing of it: a bomb, a name that leads elsewhere or a content that is not what the directory says is found here
/// and not on an expert's machine.
/// </summary>
public static class ArchiveLook
{
    /// <summary>Null, or that it is unfit; then the opened copy is deleted, and the sealed one stays with its key for whoever wants to see it.</summary>
    public static async Task<OpeningFact?> LookAsync(string key, long length, IBlobStore store, CancellationToken ct)
    {
        await using var plain = new BlobReadStream(store, key, length);
        try { await BidArchive.CheckAsync(plain, ct); }
        catch (ArchiveException)
        {
            await store.DeleteAsync(key, ct);
            return OpeningFact.ArchiveUnfit;
        }
        return null;
    }
}
