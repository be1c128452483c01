using System.Globalization;
using System.Net;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Extensions.Configuration;

namespace Tendering.ServiceDefaults;

/// <summary>
/// Any S3-compatible store: <c>Storage:Bucket</c>, <c>Storage:Endpoint</c>, <c>Storage:Region</c>, <c>Storage:AccessKey</c>, <c>Storage:SecretKey</c>. Content lies in
/// numbered objects of 4 MiB below its key, each safe when its PUT is answered; so it can grow where it broke off, which a multipart upload's parts of 5 MiB cannot.
/// </summary>
public sealed class S3BlobStore : IBlobStore, IDisposable
{
    public const int SegmentLength = 4 * 1024 * 1024;
    private const int DeletesAtOnce = 8;

    private readonly AmazonS3Client _client;
    private readonly string _bucket;

    public S3BlobStore(IConfiguration configuration)
    {
        string Setting(string name) => configuration[$"Storage:{name}"] ?? throw new InvalidOperationException($"Storage:{name} is not set.");
        _bucket = Setting("Bucket");
        var settings = new AmazonS3Config
        {
            ServiceURL = Setting("Endpoint"), ForcePathStyle = true, AuthenticationRegion = configuration["Storage:Region"] ?? "us-east-1",
            // Stores that are only compatible know no checksum trailers; what is stored is hashed by whoever writes it.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED, ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        _client = new AmazonS3Client(new BasicAWSCredentials(Setting("AccessKey"), Setting("SecretKey")), settings);
    }

    public async Task WriteAsync(string key, long offset, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        do
        {
            var within = (int)(offset % SegmentLength);
            var part = content[..Math.Min(content.Length, SegmentLength - within)];
            await PutAsync(key, offset / SegmentLength, within == 0 ? part : await GrownAsync(key, offset, within, part, ct), ct);
            (offset, content) = (offset + part.Length, content[part.Length..]);
        }
        while (content.Length > 0);
    }

    // Each object is safe when it was taken.
    public Task FlushAsync(string key, CancellationToken ct) => Task.CompletedTask;

    public async Task<Stream?> OpenReadAsync(string key, long offset, CancellationToken ct)
    {
        if (await GetAsync(key, offset / SegmentLength, ct) is { } first) return new SegmentStream(this, key, offset / SegmentLength, first, (int)(offset % SegmentLength));
        return offset > 0 && await GetAsync(key, 0, ct) is not null ? Stream.Null : null;
    }

    public async Task<long?> LengthAsync(string key, CancellationToken ct)
    {
        var segments = await ListAsync(key, ct);
        return segments.Count == 0 ? null : segments.Sum(s => s.Size ?? 0);
    }

    public async Task DeleteAsync(string key, CancellationToken ct) => await Parallel.ForEachAsync(await ListAsync(key, ct), new ParallelOptions { MaxDegreeOfParallelism = DeletesAtOnce, CancellationToken = ct },
        async (segment, stop) => await AskAsync(() => _client.DeleteObjectAsync(_bucket, segment.Key, stop)));

    public void Dispose() => _client.Dispose();

    private async Task<ReadOnlyMemory<byte>> GrownAsync(string key, long offset, int within, ReadOnlyMemory<byte> part, CancellationToken ct)
    {
        var before = await GetAsync(key, offset / SegmentLength, ct);
        if (before is null || before.Length < within) throw new IOException("Content that was written before is missing.");
        return (byte[])[.. before.AsSpan(0, within), .. part.Span];
    }

    private async Task PutAsync(string key, long number, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        using var stream = new MemoryStream(content.ToArray(), writable: false);
        var put = new PutObjectRequest { BucketName = _bucket, Key = ObjectOf(key, number), InputStream = stream, AutoCloseStream = false, UseChunkEncoding = false };
        await AskAsync(() => _client.PutObjectAsync(put, ct));
    }

    private Task<byte[]?> GetAsync(string key, long number, CancellationToken ct) => AskAsync(async () =>
    {
        try
        {
            using var answer = await _client.GetObjectAsync(_bucket, ObjectOf(key, number), ct);
            using var content = new MemoryStream();
            await answer.ResponseStream.CopyToAsync(content, ct);
            return content.ToArray();
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound && e.ErrorCode != "NoSuchBucket") { return (byte[]?)null; }
    });

    private async Task<List<S3Object>> ListAsync(string key, CancellationToken ct)
    {
        Storage.RequireKey(key);
        var (all, request) = (new List<S3Object>(), new ListObjectsV2Request { BucketName = _bucket, Prefix = key + "/" });
        while (true)
        {
            var page = await AskAsync(() => _client.ListObjectsV2Async(request, ct));
            all.AddRange(page.S3Objects ?? []);
            if (page.IsTruncated != true) return all;
            request.ContinuationToken = page.NextContinuationToken;
        }
    }

    // To callers a store that cannot be reached is what a disk is that cannot be read.
    private static async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        try { return await ask(); }
        catch (Exception e) when (e is AmazonServiceException or AmazonClientException or HttpRequestException) { throw new IOException("The object store did not do what was asked.", e); }
    }

    private static string ObjectOf(string key, long number)
    {
        Storage.RequireKey(key);
        return string.Create(CultureInfo.InvariantCulture, $"{key}/{number:D6}");
    }

    /// <summary>Reads one object after the other; a short one is the last.</summary>
    private sealed class SegmentStream(S3BlobStore store, string key, long number, byte[] segment, int position) : Stream
    {
        private byte[] _segment = segment;
        private int _position = Math.Min(position, segment.Length);
        private long _number = number;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_position == _segment.Length && _segment.Length == SegmentLength)
                (_segment, _position) = (await store.GetAsync(key, ++_number, cancellationToken) ?? [], 0);
            var read = Math.Min(buffer.Length, _segment.Length - _position);
            _segment.AsMemory(_position, read).CopyTo(buffer);
            _position += read;
            return read;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read asynchronously.");
        public override void Flush() { }
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
