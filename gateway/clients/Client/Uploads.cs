using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace Tendering.Client;

/// <summary>A ciphertext's way to the platform by tus 1.0, resumable after a cut line, a killed client or a lost answer: the server says where to go on.</summary>
public static class Uploads
{
    private const string Offset = "Upload-Offset";

    // A chunk comes with its checksum and counts whole or not at all: on a line that breaks often it is made smaller until it passes.
    private const int ChunkMax = 8 * 1024 * 1024, ChunkMin = 64 * 1024;

    // The server takes 4 KiB a second and no less: a chunk may take half an hour on a bad line.
    private static readonly TimeSpan CallMax = TimeSpan.FromMinutes(40), PauseMin = TimeSpan.FromMilliseconds(300), PauseMax = TimeSpan.FromSeconds(5);

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

    /// <summary>Sends what is missing of <paramref name="content"/>, which can seek; <paramref name="sent"/> hears how many bytes the server has. Gives up when nothing gets through for the session's patience.</summary>
    public static async Task ContinueAsync(Session session, Guid upload, Stream content, Action<long>? sent, CancellationToken ct)
    {
        var (buffer, chunkMax, pause, moved) = (new byte[ChunkMax], ChunkMax, PauseMin, Stopwatch.GetTimestamp());
        for (var offset = await FromAsync(session, upload, ct); offset < content.Length;)
        {
            sent?.Invoke(offset);
            content.Position = offset;
            var chunk = buffer.AsMemory(0, await content.ReadAtLeastAsync(buffer.AsMemory(0, chunkMax), chunkMax, throwOnEndOfStream: false, ct));
            try
            {
                (await session.SendOnceAsync(Call(HttpMethod.Patch, $"api/bidding/uploads/{upload}", chunk, offset), CallMax, ct)).Dispose();
                (offset, chunkMax, pause, moved) = (offset + chunk.Length, Math.Min(ChunkMax, 2 * chunkMax), PauseMin, Stopwatch.GetTimestamp());
                continue;
            }
            catch (Exception e) when (e is HttpRequestException or IOException or TimeoutException && Stopwatch.GetElapsedTime(moved) < session.Patience) { chunkMax = Math.Max(ChunkMin, chunkMax / 2); }
            catch (RefusedException e) when (MayGoOn(e) && Stopwatch.GetElapsedTime(moved) < session.Patience)
            {
                // What is refused has been sent in vain: the next try is a small one.
                if (e.Code is not "offset") chunkMax = ChunkMin;
            }
            await Task.Delay(pause, ct);
            pause = 2 * pause < PauseMax ? 2 * pause : PauseMax;
            var from = await FromAsync(session, upload, ct);
            // A whole chunk whose answer was lost is progress too.
            if (from > offset) moved = Stopwatch.GetTimestamp();
            offset = from;
        }
        sent?.Invoke(content.Length);
    }

    // Another offset after a lost answer; held by a call whose line broke; changed on the way; signed out meanwhile; busy. What was asked first is asked next: how far it has come.
    private static bool MayGoOn(RefusedException e) => e.Code is "offset" or "checksum" || e.Status is HttpStatusCode.Locked or HttpStatusCode.Unauthorized || Session.IsAway(e.Status);

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
        var request = Call(method, path, (Offset, Text(offset)), ("Upload-Checksum", "sha256 " + Convert.ToBase64String(SHA256.HashData(chunk.Span))));
        request.Content = new ReadOnlyMemoryContent(chunk) { Headers = { ContentType = new MediaTypeHeaderValue("application/offset+octet-stream") } };
        return request;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
