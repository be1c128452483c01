using System.Net;
using System.Net.Http.Headers;

namespace Tendering.Client;

/// <summary>A ciphertext's way to the platform, resumable after a cut line, a killed client or a lost answer: the server says where to go on.</summary>
public static class Uploads
{
    // The server takes 4 KiB a second and no less: a block of 4 MiB may take a quarter of an hour on a bad line.
    private static readonly TimeSpan BlockMax = TimeSpan.FromMinutes(20);

    private sealed record Begun(Guid UploadId, int ChunkMax);
    private sealed record State(long Length, long Received);

    /// <summary>Announces a ciphertext; the id is what a later run goes on with.</summary>
    public static async Task<Guid> BeginAsync(Session session, Guid lot, string part, long length, CancellationToken ct) =>
        (await session.PostAsync<Begun>($"api/bidding/lots/{lot}/uploads", new { part, length }, ct)).UploadId;

    /// <summary>How much of an upload has come, or null where it is not known, being another's or cleaned away.</summary>
    public static async Task<long?> ReceivedAsync(Session session, Guid upload, CancellationToken ct) =>
        (await session.FindAsync<State>($"api/bidding/uploads/{upload}", ct))?.Received;

    /// <summary>Sends what is missing of <paramref name="content"/>, which can seek; <paramref name="sent"/> hears how many bytes the server has.</summary>
    public static async Task ContinueAsync(Session session, Guid upload, Stream content, Action<long>? sent, CancellationToken ct)
    {
        var block = new byte[Protocols.BlockDigest.BlockLength];
        var offset = await ReceivedAsync(session, upload, ct) ?? throw new RefusedException(HttpStatusCode.NotFound, "not-found", "There is no such upload.", null, null, "GET upload");
        while (offset < content.Length)
        {
            sent?.Invoke(offset);
            content.Position = offset;
            var length = await content.ReadAtLeastAsync(block, block.Length, throwOnEndOfStream: false, ct);
            try
            {
                await PutAsync(session, upload, offset, block.AsMemory(0, length), ct);
                offset += length;
            }
            catch (RefusedException e) when (e is { Status: HttpStatusCode.Conflict, Code: "offset" })
            {
                // An answer was lost: go on from what the server has.
                offset = (await session.GetAsync<State>($"api/bidding/uploads/{upload}", ct)).Received;
            }
        }
        sent?.Invoke(offset);
    }

    private static async Task PutAsync(Session session, Guid upload, long offset, ReadOnlyMemory<byte> block, CancellationToken ct)
    {
        using var answer = await session.SendAsync(() => new HttpRequestMessage(HttpMethod.Put, $"api/bidding/uploads/{upload}?offset={offset}")
        {
            Content = new ReadOnlyMemoryContent(block) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } },
        }, ct, BlockMax);
    }
}
