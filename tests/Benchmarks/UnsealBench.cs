using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Tendering.BidOpening.Features;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Benchmarks;

/// <summary>A hundred archives of 20 MB are unsealed from folder to folder as the service does it, beside AES-256-GCM alone on one core over the same bytes in the same chunks.</summary>
internal static class UnsealBench
{
    private const int Archives = 100, Length = 20_000_000, Distinct = 10;

    public static async Task RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("tendering-unseal-").FullName;
        try
        {
            var store = new FolderBlobStore(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["Storage:Folder"] = folder }).Build());
            var plain = RandomNumberGenerator.GetBytes(Length);
            var bids = new List<(BidManifest Manifest, byte[] Key, string Stored)>();
            for (var i = 0; i < Distinct; i++) bids.Add(await SealAsync(store, plain, $"sealed/{i}"));
            var bare = Bare(plain);
            await UnsealAsync(store, bids, 4);                                        // warm
            var (start, atOnce) = (Stopwatch.GetTimestamp(), Math.Clamp(Environment.ProcessorCount, 1, OpenFilesWhenDue.AtOnceMax));
            await UnsealAsync(store, bids, Archives, atOnce);
            var rate = Archives * (double)Length / Stopwatch.GetElapsedTime(start).TotalSeconds;
            Figures.Figure("bare_aes", bare / 1e6, "MB/s");
            Figures.Figure("unseal", rate / 1e6, "MB/s");
            Figures.Figure("unseal_memory_peak", Process.GetCurrentProcess().PeakWorkingSet64 / 1e6, "MB");
            Figures.Ratio("unseal_per_aes", rate / bare);
        }
        finally { Directory.Delete(folder, true); }
    }

    private static async Task<(BidManifest, byte[], string)> SealAsync(IBlobStore store, byte[] plain, string key)
    {
        CustodianKey[] custodians = [CustodianKey.Generate(), CustodianKey.Generate()];
        using var recovery = CustodianKey.Generate();
        var bid = await BidSealer.SealAsync(new SealingRequest(Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), 1, [.. custodians.Select(c => c.PublicKey)], 2, recovery.PublicKey), "{}"u8.ToArray(), plain);
        await store.WriteAsync(key, new MemoryStream(bid.Files), bid.Files.Length, default);
        return (bid.Manifest, BidOpener.OpenRecoveryCopy(bid.Manifest, SealedPart.Files, recovery), key);
    }

    private static async Task UnsealAsync(IBlobStore store, List<(BidManifest Manifest, byte[] Key, string Stored)> bids, int count, int atOnce = 1) =>
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = atOnce }, async (i, ct) =>
        {
            var (manifest, key, stored) = bids[i % bids.Count];
            if (await ArchiveOpening.OpenAsync(manifest, key, stored, $"opened/{i}", store, ct) is { } fault) throw new InvalidOperationException($"An archive stays closed: {fault}.");
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
