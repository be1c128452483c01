using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Tendering.Protocols;

namespace Tendering.Benchmarks;

/// <summary>How long the verifier, as its own process, takes for a log of a million entries from an export, and how much memory; beside it what SHA-256 alone takes for the same bytes.</summary>
internal static class VerifyBench
{
    private const int Entries = 1_000_000;

    public static async Task RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("tendering-bench");
        try
        {
            var key = Write(folder.FullName, out var bytes);
            var floor = Hash(bytes);
            var start = Stopwatch.GetTimestamp();
            var info = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Tendering.Verify.dll"), "log", Path.Combine(folder.FullName, "log"), "--log-key", key, "--state", Path.Combine(folder.FullName, "state.json"), "--quiet"]) { RedirectStandardOutput = true };
            using var verify = Process.Start(info)!;
            var output = verify.StandardOutput.ReadToEndAsync();
            var peak = 0L;
            while (!verify.WaitForExit(50)) peak = Math.Max(peak, PeakKiB(verify.Id));
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (verify.ExitCode != 0) throw new InvalidOperationException(await output);
            Figures.Figure("verify_million", seconds, "s");
            Figures.Figure("verify_million_memory", peak / 1024.0, "MiB");
            Figures.Ratio("verify_per_sha256", seconds / floor);
        }
        finally { folder.Delete(recursive: true); }
    }

    private static string Write(string folder, out long bytes)
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var log = NoteSigner.ForLog("example.com/log", ecdsa);
        var tree = new TileBuilder();
        var bundle = new List<byte[]>(TileId.WidthMax);
        bytes = 0;
        for (var i = 0; i < Entries; i++)
        {
            var entry = EntryOf(i);
            bytes += entry.Length;
            bundle.Add(entry);
            tree.Append(MerkleTree.LeafHash(entry));
            if (bundle.Count < TileId.WidthMax && i < Entries - 1) continue;
            Put(folder, TileId.Holding(TileId.Entries, i, i + 1), EntryBundle.Encode(bundle));
            foreach (var (tile, content) in tree.TakeTiles()) Put(folder, tile, content);
            bundle.Clear();
        }
        File.WriteAllBytes(Path.Combine(folder, "log", "checkpoint"), Checkpoint.Of("example.com/log", Entries, tree.Root()).Sign(log).ToBytes());
        return log.Key.ToString();
    }

    private static void Put(string folder, TileId tile, byte[] content)
    {
        var file = Path.Combine(folder, "log", tile.Path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, content);
    }

    // As long as an event's face is on the average.
    private static byte[] EntryOf(int number) => System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
        $$"""{"hidden":"{{new string('0', 64)}}","id":"{{new Guid(number, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7)}}","kind":"event","payload":{"bidId":"01990000-0000-7000-8000-000000000001","bidderId":"01990000-0000-7000-8000-000000000002","lotId":"01990000-0000-7000-8000-000000000003","manifestHash":"{{new string('a', 64)}}","revision":1},"role":"bidder","source":"bidding","tender":"01990000-0000-7000-8000-000000000004","time":"2026-03-02T01:00:00.000000Z","type":"bidding.bid-submitted","version":1}"""));

    // The same bytes, one leaf after the other and one node a leaf, on one core.
    private static double Hash(long bytes)
    {
        var entry = new byte[1 + (bytes / Entries)];
        Span<byte> node = stackalloc byte[65], hash = stackalloc byte[32];
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < Entries; i++)
        {
            SHA256.HashData(entry, hash);
            SHA256.HashData(node, hash);
        }
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static long PeakKiB(int process)
    {
        try
        {
            var line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return 0; }
    }
}
