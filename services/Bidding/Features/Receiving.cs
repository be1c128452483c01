using System.Buffers;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Tendering.Bidding.Data;
using Tendering.Bidding.Domain;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>
/// Bytes from the line to the store, through two buffers of 4 MiB. While one is hashed and written the other fills; while what is written is brought to disk more comes in, up to a limit. The offset
/// moves only after the bytes are on disk and with the hashes of their blocks, so whoever is cut off, or is with a process that dies, goes on from what is really there.
/// </summary>
public sealed class Receiving([FromKeyedServices(BiddingService.Name)] IBlobStore store, TimeProvider clock) : IDisposable
{
    /// <summary>One call may bring a whole part.</summary>
    public const long BodyMax = (2L << 30) + (64 << 20);

    private const long CommitEvery = 64L << 20;
    private static readonly MinDataRate Slowest = new(bytesPerSecond: 4 * 1024, gracePeriod: TimeSpan.FromSeconds(20));
    private static readonly TimeSpan RenewEvery = UploadHold.RenewAfter;

    private readonly UploadGate _gate = new();

    /// <summary>Takes the request's body in at the hold's offset and answers with <paramref name="status"/>, or says why not.</summary>
    public async Task<IResult> ReceiveAsync(HttpContext http, Upload upload, Lot lot, UploadHold hold, int status, CancellationToken ct)
    {
        if (http.Request.ContentLength > upload.Length - hold.Received) return TooLong(upload);
        if (!UploadChecksum.TryRead(http, out var checksum)) throw new MalformedException(Tus.Checksum, $"An algorithm of {Tus.ChecksumAlgorithms}, a space, and the value in base64.");
        using (checksum)
        using (var lease = await _gate.EnterAsync(upload.BidderId, ct))
        {
            if (!lease.IsAcquired) return TypedResults.StatusCode(StatusCodes.Status429TooManyRequests);
            if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = Slowest;
            try
            {
                await using var progress = await Progress.AtAsync(store, upload, hold, ct);
                var end = await PumpAsync(http.Request.Body, progress, checksum, upload, lot, hold);
                if (end == End.TooLong) return TooLong(upload);
                if (checksum is { } asked && (end == End.Cut || !asked.Holds())) return Tus.Refused(Tus.ChecksumMismatch, "checksum", "The bytes are not those of the checksum: send them again.");
                // What came before the line broke is kept: that is what resuming is for.
                await progress.CommitAsync(lot.BidDeadline, clock.GetUtcNow(), release: true);
                http.Response.Headers[Tus.Offset] = Tus.Text(progress.Offset);
                Tus.ShowExpiry(http, Upload.DueAt(progress.IsComplete, clock.GetUtcNow(), lot.BidDeadline));
                return TypedResults.StatusCode(status);
            }
            catch (IOException e) when (e is HoldLostException or ContentBusyException) { return Tus.Refused(StatusCodes.Status423Locked, "upload-locked", "Another call writes to this upload meanwhile: ask for its offset and go on."); }
        }
    }

    public void Dispose() => _gate.Dispose();

    private async Task<End> PumpAsync(Stream body, Progress progress, UploadChecksum? checksum, Upload upload, Lot lot, UploadHold hold)
    {
        var buffers = new[] { ArrayPool<byte>.Shared.Rent(Upload.BlockMax), ArrayPool<byte>.Shared.Rent(Upload.BlockMax) };
        var writing = Task.CompletedTask;
        try
        {
            for (var (turn, read) = (0, progress.Offset); ; turn ^= 1)
            {
                // To the end of its block, so that a block is hashed as a whole or goes on where it stopped.
                var wanted = (int)Math.Min(Upload.BlockMax - (read % Upload.BlockMax), upload.Length - read);
                var (count, cut) = await FillAsync(body, buffers[turn].AsMemory(0, wanted), hold);
                await writing;
                if (checksum is null && progress.Uncommitted >= CommitEvery) await progress.BeginCommitAsync(lot.BidDeadline, clock.GetUtcNow());
                // The last bytes count only if nothing comes behind them.
                if (read + count == upload.Length && !cut && await HasMoreAsync(body)) return End.TooLong;
                writing = count == 0 ? Task.CompletedTask : progress.StoreAsync(buffers[turn].AsMemory(0, count), checksum);
                read += count;
                if (count == wanted && wanted > 0 && read < upload.Length) continue;
                await writing;
                // Not after a fault: a read or a write may still be under way.
                foreach (var buffer in buffers) ArrayPool<byte>.Shared.Return(buffer);
                return cut ? End.Cut : End.Whole;
            }
        }
        catch { _ = writing.Exception; throw; }
    }

    // A line that breaks ends the bytes; it does not end the work on those that came. A slow one keeps its hold.
    private static async Task<(int Count, bool Cut)> FillAsync(Stream body, Memory<byte> buffer, UploadHold hold)
    {
        var count = 0;
        while (count < buffer.Length)
        {
            try
            {
                var reading = body.ReadAsync(buffer[count..]);
                var read = reading.IsCompleted ? await reading : await WaitAsync(reading.AsTask(), hold);
                if (read == 0) break;
                count += read;
            }
            catch (Exception e) when (e is (IOException and not HoldLostException) or OperationCanceledException or Microsoft.AspNetCore.Http.BadHttpRequestException) { return (count, true); }
        }
        return (count, false);
    }

    private static async Task<int> WaitAsync(Task<int> reading, UploadHold hold)
    {
        while (!reading.IsCompleted)
        {
            // Its fault, if it has one, is thrown where its result is taken.
            await ((Task)reading).WaitAsync(RenewEvery).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!reading.IsCompleted) await hold.KeepAsync(CancellationToken.None);
        }
        return await reading;
    }

    private static async Task<bool> HasMoreAsync(Stream body)
    {
        try { return await body.ReadAsync(new byte[1]) > 0; }
        catch (Exception e) when (e is IOException or OperationCanceledException or Microsoft.AspNetCore.Http.BadHttpRequestException) { return false; }
    }

    private static ProblemHttpResult TooLong(Upload upload) => Tus.Refused(StatusCodes.Status413PayloadTooLarge, "content-too-long", $"More than the {upload.Length} bytes that were announced.");

    private enum End { Whole, Cut, TooLong }

    /// <summary>How far the store, and behind it the row, has come.</summary>
    private sealed class Progress(IBlobStore store, Upload upload, UploadHold hold) : IAsyncDisposable
    {
        private readonly IncrementalHash _block = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly List<byte[]> _fresh = [];
        private Task _committing = Task.CompletedTask;
        private long _begun = hold.Received;
        private int _first = (int)(hold.Received / Upload.BlockMax);

        public long Offset { get; private set; } = hold.Received;
        public long Uncommitted => Offset - _begun;
        public bool IsComplete => Offset == upload.Length;

        // A block that was broken off is hashed anew from what is stored, not from what was once received.
        public static async Task<Progress> AtAsync(IBlobStore store, Upload upload, UploadHold hold, CancellationToken ct)
        {
            var progress = new Progress(store, upload, hold);
            var begun = (int)(hold.Received % Upload.BlockMax);
            if (begun == 0 || hold.Received == upload.Length) return progress;
            await using var stored = await store.OpenReadAsync(upload.StorageKey, hold.Received - begun, ct) ?? throw new IOException("Content that was written before is missing.");
            var buffer = ArrayPool<byte>.Shared.Rent(Upload.BlockMax);
            try
            {
                await stored.ReadExactlyAsync(buffer.AsMemory(0, begun), ct);
                progress._block.AppendData(buffer, 0, begun);
            }
            finally { ArrayPool<byte>.Shared.Return(buffer); }
            return progress;
        }

        public async Task StoreAsync(ReadOnlyMemory<byte> bytes, UploadChecksum? checksum)
        {
            var writing = store.WriteAsync(upload.StorageKey, Offset, bytes, () => hold.KeepAsync(CancellationToken.None), CancellationToken.None);
            _block.AppendData(bytes.Span);
            checksum?.Append(bytes.Span);
            await writing;
            Offset += bytes.Length;
            if (Offset % Upload.BlockMax == 0 || IsComplete) _fresh.Add(_block.GetHashAndReset());
        }

        /// <summary>Returns when the commit before has ended and this one is under way: never more waits for the disk than two of them.</summary>
        public async Task BeginCommitAsync(DateTimeOffset deadline, DateTimeOffset now)
        {
            await _committing;
            _committing = CommitAsync(Take(), deadline, now, release: false);
        }

        public async Task CommitAsync(DateTimeOffset deadline, DateTimeOffset now, bool release)
        {
            await _committing;
            await CommitAsync(Take(), deadline, now, release);
        }

        private Stored Take()
        {
            var stored = new Stored(Offset, Uncommitted > 0, IsComplete, _first, [.. _fresh]);
            (_begun, _first) = (Offset, _first + _fresh.Count);
            _fresh.Clear();
            return stored;
        }

        private async Task CommitAsync(Stored stored, DateTimeOffset deadline, DateTimeOffset now, bool release)
        {
            if (stored.HasMore) await store.FlushAsync(upload.StorageKey, CancellationToken.None);
            var digest = stored.IsComplete ? BlockDigest.OfBlockHashes([.. await hold.HashesAsync(CancellationToken.None), .. stored.Hashes]) : null;
            await hold.CommitAsync(stored.Offset, stored.First, stored.Hashes, digest, Upload.DueAt(stored.IsComplete, now, deadline), release, CancellationToken.None);
        }

        // Where the receiving failed its cause is told already; what is under way ends before the hold does.
        public async ValueTask DisposeAsync()
        {
            await _committing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _block.Dispose();
        }

        private sealed record Stored(long Offset, bool HasMore, bool IsComplete, int First, byte[][] Hashes);
    }
}
