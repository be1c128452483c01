using System.Diagnostics;
using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Features;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Benchmarks;

/// <summary>A hundred archives of 20 MB are unsealed as the service does it, hashed, decrypted and looked into, beside AES-256-GCM alone on one core over the same bytes in the same chunks.</summary>
internal static class UnsealBench
{
    private const int Archives = 100, Length = 20_000_000, Distinct = 10, WarmUps = 3;

    public static async Task RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("tendering-unseal-").FullName;
        try
        {
            var store = new FolderBlobStore(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["Storage:Folder"] = folder }).Build());
            var plain = Archive(RandomNumberGenerator.GetBytes(Length));
            var bids = new List<(BidManifest Manifest, byte[] Key, string Stored)>();
            for (var i = 0; i < Distinct; i++) bids.Add(await SealAsync(folder, plain, $"sealed/{i}"));
            var bare = Bare(plain);
            for (var i = 0; i < WarmUps; i++) await UnsealAsync(store, bids, Archives, SealedArchives.AtOnce);
            var (opened, cpu) = await MeasureAsync(store, bids);
            Figures.Figure("bare_aes", bare / 1e6, "MB/s");
            Figures.Figure("unseal", opened / 1e6, "MB/s");
            Figures.Figure("unseal_cpu", cpu / 1e6, "MB/s");                          // by the processor's time, of one core
            Figures.Figure("unseal_memory_peak", Process.GetCurrentProcess().PeakWorkingSet64 / 1e6, "MB");
            Figures.Ratio("unseal_per_aes", opened / bare);
        }
        finally { Directory.Delete(folder, true); }
    }

    private static byte[] Archive(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var zip = new ZipArchive(packed, ZipArchiveMode.Create, leaveOpen: true))
        using (var file = zip.CreateEntry("drawings.bin", CompressionLevel.NoCompression).Open()) file.Write(content);
        return packed.ToArray();
    }

    private static async Task<(BidManifest, byte[], string)> SealAsync(string folder, byte[] plain, string key)
    {
        CustodianKey[] custodians = [CustodianKey.Generate(), CustodianKey.Generate()];
        using var recovery = CustodianKey.Generate();
        var path = Path.Combine(folder, key);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await using var cipher = File.Create(path);                                   // streamed, so that the peak of memory is the unsealing's
        var manifest = await BidSealer.SealAsync(
            new SealingRequest(Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), 1, [.. custodians.Select(c => c.PublicKey)], 2, recovery.PublicKey), new MemoryStream([1]), Stream.Null, new MemoryStream(plain), cipher);
        return (manifest, BidOpener.OpenRecoveryCopy(manifest, SealedPart.Files, recovery), key);
    }

    // Bytes a second by the clock on the wall, and by the processor's.
    private static async Task<(double Opened, double Cpu)> MeasureAsync(IBlobStore store, List<(BidManifest, byte[], string)> bids)
    {
        var (start, cpu, bytes) = (Stopwatch.GetTimestamp(), Process.GetCurrentProcess().TotalProcessorTime, Archives * (double)Length);
        await UnsealAsync(store, bids, Archives, SealedArchives.AtOnce);
        return (bytes / Stopwatch.GetElapsedTime(start).TotalSeconds, bytes / (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds);
    }

    private static Task UnsealAsync(IBlobStore store, List<(BidManifest Manifest, byte[] Key, string Stored)> bids, int count, int atOnce) =>
        Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = atOnce }, async (i, ct) =>
        {
            var (manifest, key, stored) = bids[i % bids.Count];
            if (await ArchiveOpening.OpenAsync(manifest, key, stored, store, ct) is { } fault) throw new InvalidOperationException($"An archive stays closed: {fault}.");
        });

    // Bytes a second of one core that only decrypts.
    private static double Bare(byte[] plain)
    {
        const int rounds = 20;
        var (key, nonce, tag, chunk, open) = (RandomNumberGenerator.GetBytes(32), new byte[12], new byte[16], new byte[StreamCipher.ChunkLength], new byte[StreamCipher.ChunkLength]);
        using var aes = new AesGcm(key, tag.Length);
        aes.Encrypt(nonce, plain.AsSpan(0, chunk.Length), chunk, tag);
        var (chunks, start) = (rounds * (plain.Length / chunk.Length), Stopwatch.GetTimestamp());
        for (var i = 0; i < chunks; i++) aes.Decrypt(nonce, chunk, tag, open);
        return chunks * (double)chunk.Length / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
