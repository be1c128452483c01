using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Tendering.Protocols;

namespace Tendering.Verify.Log;

/// <param name="Policy">Whose signatures count; null: nobody has said, and the log's own word is noted as such.</param>
/// <param name="NewOnly">Entries that the last run has checked are not read again.</param>
public sealed record LogOptions(LogPolicy? Policy, string? StatePath, bool NewOnly, X509Certificate2Collection? TimestampRoots, bool ShowProgress);

/// <summary>Checks a log whole: signatures, that it only grew since it was last seen, every entry against its leaf hash, every tile, the root, and time-stamps.</summary>
public sealed class LogCheck(LogSource source, LogOptions options, Report report)
{
    /// <summary>Above so many events their ids are no longer compared with each other: they must fit in memory.</summary>
    public const int IdsMax = 20_000_000;
    private const int FaultsMax = 1_000;
    private readonly HashSet<Guid> _ids = [];
    private readonly SortedDictionary<long, List<Stamp>> _stamps = [];
    private long _events, _closures, _unknown, _faults;

    private sealed record Stamp(string Name, Checkpoint Checkpoint);

    public async Task RunAsync(CancellationToken ct)
    {
        var note = await ReadCheckpointAsync(ct);
        if (note is null) return;
        var checkpoint = Checkpoint.Parse(note.Text);
        var state = LogState.Load(options.StatePath ?? LogState.DefaultPath(checkpoint.Origin));
        var policy = PolicyFor(checkpoint, state);
        CheckSignatures(note, checkpoint, policy);
        if (!HasGrown(checkpoint, state)) return;
        await ReadTimestampsAsync(checkpoint, ct);
        await CheckTreeAsync(checkpoint, state?.Seen, ct);
        if (!report.Has(Mark.Bad) && (state?.Key ?? (policy is { Logs: [var first, ..] } ? first.ToString() : null)) is { } key)
        {
            new LogState(key, note.ToString(), DateTimeOffset.UtcNow).Save(options.StatePath ?? LogState.DefaultPath(checkpoint.Origin));
            report.Note("state", $"The checkpoint of {N(checkpoint.Size)} entries is remembered; the next run compares with it.");
        }
    }

    private async Task<SignedNote?> ReadCheckpointAsync(CancellationToken ct)
    {
        try
        {
            if (await source.ReadAsync("checkpoint", ct) is { } bytes)
            {
                var note = SignedNote.Parse(bytes);
                Checkpoint.Parse(note.Text);
                return note;
            }
            report.Unchecked("checkpoint.missing", "There is no checkpoint.");
        }
        catch (LogFormatException e) { report.Bad(e.Code, $"The checkpoint: {e.Message}"); }
        return null;
    }

    // The keys that one was told; else the one remembered from the first run; else nobody's.
    private LogPolicy? PolicyFor(Checkpoint checkpoint, LogState? state)
    {
        if (options.Policy is { Logs.Count: > 0 } given) return given;
        if (state is not null && NoteKey.TryParse(state.Key) is { } known)
        {
            report.Note("key.remembered", $"No key was given; the one remembered for {checkpoint.Origin} is used.");
            return LogPolicy.Of(known, [], 0);
        }
        report.Unchecked("key.unknown", "No key was given (--policy or --log-key) and none is remembered: signatures mean nothing without it.");
        return null;
    }

    private void CheckSignatures(SignedNote note, Checkpoint checkpoint, LogPolicy? policy)
    {
        if (policy is null) return;
        var check = policy.Check(note);
        foreach (var wrong in check.Wrong) report.Bad("checkpoint.wrong-signature", $"The checkpoint has a wrong signature in the name of {wrong.Name}.");
        if (check.Log is { } log) report.Good("checkpoint.signature", $"The checkpoint of {N(checkpoint.Size)} entries is signed by {log.Name}.");
        else if (policy.Logs.All(key => key.Kind == NoteKeyKind.Other)) report.Unchecked("checkpoint.signature", "The log's key is of a kind that this program cannot check.");
        else report.Bad("checkpoint.signature", $"The checkpoint of {checkpoint.Origin} is not signed by a log of the policy.");
        foreach (var cosigned in check.Cosigned)
            report.Good("checkpoint.cosignature", $"Cosigned by {cosigned.Key.Name}{(cosigned.Time is { } time ? string.Create(CultureInfo.InvariantCulture, $" on {time:yyyy-MM-dd HH:mm:ss} UTC") : "")}.");
        if (!check.Quorum) report.Bad("checkpoint.quorum", "Too few witnesses of the policy have cosigned the checkpoint.");
        else if (check.Cosigned.Count == 0) report.Note("checkpoint.quorum", "The policy asks for no witnesses: that others see the same log is not shown.");
    }

    private bool HasGrown(Checkpoint checkpoint, LogState? state)
    {
        if (state is null)
        {
            report.Note("state", "This log is looked at for the first time: there is nothing to compare its past with.");
            return true;
        }
        var seen = state.Seen;
        if (seen.Origin != checkpoint.Origin) throw new UsageException($"What is remembered is of {seen.Origin}, and this log is {checkpoint.Origin}: name another file with --state.");
        if (checkpoint.Size < seen.Size)
            return report.Require(false, "log.rolled-back", $"The log has {N(checkpoint.Size)} entries and had {N(seen.Size)} when it was last seen: it was rolled back.");
        if (checkpoint.Size == seen.Size && !checkpoint.SameTree(seen))
            return report.Require(false, "log.forked", $"With {N(seen.Size)} entries the log had another root when it was last seen: there are two histories.");
        return true;
    }

    private async Task CheckTreeAsync(Checkpoint checkpoint, Checkpoint? seen, CancellationToken ct)
    {
        var from = options.NewOnly && seen is not null && await ResumeAsync(seen, checkpoint, ct) is { } resumed ? resumed : new TileBuilder();
        var first = from.Size;
        var tree = from;
        using var progress = new Progress(options.ShowProgress, "entries");
        await foreach (var bundle in Bundle.ReadAsync(source, first, checkpoint.Size, ct))
        {
            if (bundle.Fault is { } fault)
            {
                report.Bad("bundle", fault);
                return;
            }
            var start = bundle.Tile.Index * TileId.WidthMax;
            CompareTile(bundle.Tile with { Level = 0 }, TileHashes.Join(bundle.Hashes), bundle.HashTile);
            for (var i = (int)Math.Max(0, first - start); i < bundle.Hashes.Length; i++)
            {
                tree.Append(bundle.Hashes[i]);
                Look(bundle.Entries[i], start + i);
                if (seen is not null && tree.Size == seen.Size) CompareSeen(tree.Root(), seen);
                if (_stamps.TryGetValue(tree.Size, out var stamps)) CompareStamped(tree.Root(), stamps);
            }
            await CompareHigherTilesAsync(tree, final: tree.Size == checkpoint.Size, ct);
            progress.At(tree.Size, checkpoint.Size);
            if (_faults > FaultsMax)
            {
                report.Unchecked("faults", "So much is wrong that the rest was not looked at.");
                return;
            }
        }
        SumUp(tree, checkpoint, first);
    }

    private void SumUp(TileBuilder tree, Checkpoint checkpoint, long first)
    {
        if (_faults == 0) report.Good("tiles", $"{N(checkpoint.Size - first)} entries hash to their leaves, and all tiles are those of the entries.");
        if (first > 0) report.Note("tiles", $"The first {N(first)} entries were checked by an earlier run and were not read again.");
        report.Require(tree.Root().AsSpan().SequenceEqual(checkpoint.Root), "root", "The root of all entries is the one that the checkpoint states.", "The root of all entries is not the one that the checkpoint states: an entry was changed, taken out, put in or moved.");
        report.Note("entries", $"{N(_events)} public events, {N(_closures)} closures over secret events{(_unknown > 0 ? $", {N(_unknown)} of another form" : "")}.");
        if (_unknown > 0) report.Unchecked("entries.unknown", $"{N(_unknown)} entries are not of the form that docs/formats/log-entries.md describes.");
        if (_events > IdsMax) report.Unchecked("entries.repeated", $"Whether an event stands in the log twice was compared among the first {N(IdsMax)} only.");
    }

    // From the tiles at the edge of what was seen: if they make its root, they are what they were.
    private async Task<TileBuilder?> ResumeAsync(Checkpoint seen, Checkpoint checkpoint, CancellationToken ct)
    {
        try
        {
            var edge = TileBuilder.EdgeOf(seen.Size);
            var tiles = await source.ReadAsync([.. edge.Select(tile => TileId.Holding(tile.Level, tile.Index * TileId.WidthMax, checkpoint.Size))], ct);
            var byPlace = tiles.ToDictionary(tile => (tile.Key.Level, tile.Key.Index), tile => tile.Value);
            var tree = TileBuilder.Resume(seen.Size, tile => byPlace.TryGetValue((tile.Level, tile.Index), out var bytes) && bytes.Length >= tile.Width * MerkleTree.HashLength
                ? bytes[..(tile.Width * MerkleTree.HashLength)]
                : throw new LogFormatException("tile.missing", $"{tile} is missing."));
            return report.Require(tree.Root().AsSpan().SequenceEqual(seen.Root), "log.consistent", $"The log still has the {N(seen.Size)} entries that it had when it was last seen.", "The tiles no longer make the root that was last seen.") ? tree : null;
        }
        catch (LogFormatException e)
        {
            report.Bad(e.Code, e.Message);
            return null;
        }
    }

    private void Look(EntryForm entry, long index)
    {
        _ = entry.Kind switch { EntryKind.Event => _events++, EntryKind.Secrets => _closures++, _ => _unknown++ };
        if (entry.Kind != EntryKind.Event || _ids.Count >= IdsMax || _ids.Add(entry.Id)) return;
        _faults++;
        report.Bad("entries.repeated", $"Entry {N(index)} is an event that stands in the log before: {entry.Id}.");
    }

    // Those of level 0 are compared with their bundles.
    private async Task CompareHigherTilesAsync(TileBuilder tree, bool final, CancellationToken ct)
    {
        var grown = tree.TakeTiles().Where(tile => tile.Key.IsFull);
        foreach (var (tile, bytes) in (final ? grown.Concat(tree.EdgeTiles()) : grown).Where(tile => tile.Key.Level > 0)) CompareTile(tile, bytes, await source.ReadAsync(tile, ct));
    }

    private void CompareTile(TileId tile, byte[] computed, byte[]? stored)
    {
        if (stored is not null && computed.AsSpan().SequenceEqual(stored)) return;
        _faults++;
        report.Bad("tile", stored is null ? $"{tile.Path} is missing." : $"{tile.Path} is not the tile that the entries make.");
    }

    private void CompareSeen(byte[] root, Checkpoint seen) => report.Require(
        root.AsSpan().SequenceEqual(seen.Root), "log.consistent", $"Its first {N(seen.Size)} entries are those that it had when it was last seen.",
        $"Its first {N(seen.Size)} entries are not those that it had when it was last seen: the past was rewritten.");

    private void CompareStamped(byte[] root, List<Stamp> stamps)
    {
        foreach (var stamp in stamps)
            report.Require(root.AsSpan().SequenceEqual(stamp.Checkpoint.Root), "timestamp.root", $"The root with {N(stamp.Checkpoint.Size)} entries is the one that was time-stamped.", $"The root with {N(stamp.Checkpoint.Size)} entries is not the one that was time-stamped ({stamp.Name}).");
    }

    private async Task ReadTimestampsAsync(Checkpoint checkpoint, CancellationToken ct)
    {
        foreach (var stamp in await source.TimestampsAsync(ct))
        {
            if (stamp.Token is not { } token)
            {
                report.Unchecked("timestamp.missing", $"The time-stamp {stamp.Name} lacks its token.");
                continue;
            }
            try { Take(stamp.Name, Checkpoint.Parse(SignedNote.Parse(stamp.Checkpoint).Text), token, checkpoint); }
            catch (LogFormatException e) { report.Bad("timestamp.malformed", $"The checkpoint of time-stamp {stamp.Name}: {e.Message}"); }
        }
    }

    private void Take(string name, Checkpoint stamped, byte[] token, Checkpoint checkpoint)
    {
        Timestamps.Check(report, name, stamped, token, options.TimestampRoots);
        if (!report.Require(stamped.Origin == checkpoint.Origin && stamped.Size <= checkpoint.Size, "timestamp.root", $"The time-stamp {name} is of {N(stamped.Size)} entries of {stamped.Origin}, which this log does not have: it was rolled back, or another log.")) return;
        if (!_stamps.TryGetValue(stamped.Size, out var stamps)) _stamps.Add(stamped.Size, stamps = []);
        stamps.Add(new Stamp(name, stamped));
    }

    private static string N(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
