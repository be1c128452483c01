using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Tendering.Client;

/// <summary>A ciphertext's way to the platform by tus 1.0, resumable after a cut line, a killed client or a lost answer: the server says where to go on.</summary>
public static class Uploads
{
    private const string Offset = "Upload-Offset";
    private const int ChunkMax = 8 * 1024 * 1024;

    // The server takes 4 KiB a second and no less: a chunk may take half an hour on a bad line. A call before this one may hold the upload for a while after its line broke.
    private static readonly TimeSpan CallMax = TimeSpan.FromMinutes(40), HeldMax = TimeSpan.FromMinutes(1), Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>Announces a ciphertext; the id is what a later run goes on with.</summary>
    public static async Task<Guid> BeginAsync(Session session, Guid lot, string part, long length, CancellationToken ct)
    {
        using var begun = await session.SendAsync(() => Call(HttpMethod.Post, $"api/bidding/lots/{lot}/uploads",
            ("Upload-Length", Text(length)), ("Upload-Metadata", "part " + Convert.ToBase64String(Encoding.ASCII.GetBytes(part)))), ct);
        return Guid.Parse(begun.Headers.Location!.ToString().Split('/')[^1]);
    }

    /// <summary>How much of an upload has come, or null where it is not known, being another's or cleaned away.</summary>
    public static async Task<long?> ReceivedAsync(Session session, Guid upload, CancellationToken ct)
    {
        try
        {
            using var state = await session.SendAsync(() => Call(HttpMethod.Head, $"api/bidding/uploads/{upload}"), ct);
            return long.Parse(state.Headers.GetValues(Offset).Single(), CultureInfo.InvariantCulture);
        }
        catch (RefusedException e) when (e.Status is HttpStatusCode.NotFound or HttpStatusCode.Gone) { return null; }
    }

    /// <summary>Sends what is missing of <paramref name="content"/>, which can seek; <paramref name="sent"/> hears how many bytes the server has.</summary>
    public static async Task ContinueAsync(Session session, Guid upload, Stream content, Action<long>? sent, CancellationToken ct)
    {
        var (chunk, heldSince) = (new byte[ChunkMax], (long?)null);
        var offset = await FromAsync(session, upload, ct);
        while (offset < content.Length)
        {
            sent?.Invoke(offset);
            content.Position = offset;
            var length = await content.ReadAtLeastAsync(chunk, chunk.Length, throwOnEndOfStream: false, ct);
            try
            {
                (await session.SendAsync(() => Call(HttpMethod.Patch, $"api/bidding/uploads/{upload}", chunk.AsMemory(0, length), offset), ct, CallMax)).Dispose();
                (offset, heldSince) = (offset + length, null);
            }
            catch (RefusedException e) when (e is { Status: HttpStatusCode.Conflict, Code: "offset" })
            {
                // An answer was lost: go on from what the server has.
                offset = await FromAsync(session, upload, ct);
            }
            catch (RefusedException e) when (e.Status == HttpStatusCode.Locked && TimeProvider.System.GetElapsedTime(heldSince ??= TimeProvider.System.GetTimestamp()) < HeldMax)
            {
                await Task.Delay(Pause, ct);
                offset = await FromAsync(session, upload, ct);
            }
        }
        sent?.Invoke(offset);
    }

    private static async Task<long> FromAsync(Session session, Guid upload, CancellationToken ct) =>
        await ReceivedAsync(session, upload, ct) ?? throw new RefusedException(HttpStatusCode.NotFound, "not-found", "There is no such upload.", null, null, "HEAD upload");

    private static HttpRequestMessage Call(HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path) { Headers = { { "Tus-Resumable", "1.0.0" } } };
        foreach (var (name, value) in headers) request.Headers.Add(name, value);
        return request;
    }

    private static HttpRequestMessage Call(HttpMethod method, string path, ReadOnlyMemory<byte> chunk, long offset)
    {
        var request = Call(method, path, (Offset, Text(offset)));
        request.Content = new ReadOnlyMemoryContent(chunk) { Headers = { ContentType = new MediaTypeHeaderValue("application/offset+octet-stream") } };
        return request;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
