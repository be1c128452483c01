using System.IO.MemoryMappedFiles;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Tendering.ServiceDefaults;

/// <summary>
/// A clock for demonstrations and replays that every process on the machine shares through one small mapped file. It runs at a
/// rate and can be moved forward, never back. Sessions, tokens and time-outs keep to the real clock.
/// </summary>
public sealed class SimulatedClock : TimeProvider, IDisposable
{
    private const int SlotSize = 24, Size = 8 + 2 * SlotSize;       // version; twice: real ticks, simulated ticks, rate
    private const int SpinsMax = 1_000, LockAttemptsMax = 200;
    public const double RateMax = 1_000_000;

    private static readonly TimeSpan WatchEvery = TimeSpan.FromMilliseconds(100);

    private readonly string _path;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly Timer _watch;
    private TaskCompletionSource _move = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _seen;

    public SimulatedClock(string path)
    {
        _path = path;
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        using (Lock())
        {
            var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
            var fresh = stream.Length < Size;
            if (fresh) stream.SetLength(Size);
            _file = MemoryMappedFile.CreateFromFile(stream, null, Size, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
            _view = _file.CreateViewAccessor(0, Size);
            if (fresh) Write(version: 0, System.GetUtcNow().Ticks, System.GetUtcNow().Ticks, 1);
        }
        _seen = Version;
        _watch = new Timer(_ => Watch(), null, WatchEvery, WatchEvery);
    }

    /// <summary>Changes with every move.</summary>
    public long Version => _view.ReadInt64(0);

    /// <summary>Ends when this or another process moves the clock after now, so that waiting loops can look again at once.</summary>
    public Task NextMove => Volatile.Read(ref _move).Task;

    public double Rate => Read().Rate;

    public override DateTimeOffset GetUtcNow() => new(Read().Now, TimeSpan.Zero);

    /// <summary>Moves forward to <paramref name="to"/> and goes on at <paramref name="rate"/> simulated seconds a real second.</summary>
    public DateTimeOffset Move(DateTimeOffset? to, double? rate)
    {
        Rule.Require(rate is null or (> 0 and <= RateMax), "clock-rate", $"A rate lies above 0 and at most at {RateMax}.");
        using (Lock())
        {
            Repair();
            var version = Version;
            // From here on readers wait: none may see a later moment than the one from which the clock goes on.
            _view.Write(0, version + 1);
            Interlocked.MemoryBarrier();
            var real = System.GetUtcNow().Ticks;
            var (now, before) = At(version, real);
            var forward = to is null || to.Value.UtcTicks >= now;
            if (forward) Write(version, real, to?.UtcTicks ?? now, rate ?? before);
            else _view.Write(0, version);
            Rule.Require(forward, "clock-moves-forward", $"The clock shows {new DateTimeOffset(now, TimeSpan.Zero):u} and does not go back.");
            return new DateTimeOffset(to?.UtcTicks ?? now, TimeSpan.Zero);
        }
    }

    public void Dispose()
    {
        _watch.Dispose();
        _view.Dispose();
        _file.Dispose();
    }

    // Another process' write cannot wake us: one look for all who wait.
    private void Watch()
    {
        long version;
        try { version = Version; }
        catch (ObjectDisposedException) { return; }
        if (version == _seen || version % 2 == 1) return;
        _seen = version;
        Interlocked.Exchange(ref _move, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    // An odd version says that a write is under way, a changed one that the read was torn. Readers lock only to mend what a dead writer left.
    private (long Now, double Rate) Read()
    {
        for (var spins = 1; ; spins++)
        {
            var version = Version;
            Interlocked.MemoryBarrier();
            var read = At(version, System.GetUtcNow().Ticks);
            Interlocked.MemoryBarrier();
            if (version % 2 == 0 && version == Version) return read;
            if (spins % SpinsMax != 0) Thread.SpinWait(20);
            // Whoever holds the lock is alive and will be done.
            else using (var held = TryLock()) if (held is not null) Repair();
        }
    }

    private (long Now, double Rate) At(long version, long real)
    {
        var slot = SlotOf(version);
        var rate = _view.ReadDouble(slot + 16);
        return (_view.ReadInt64(slot + 8) + (long)((real - _view.ReadInt64(slot)) * rate), rate);
    }

    // The slot in use is never written to: a writer that dies half way leaves it whole.
    private void Write(long version, long real, long simulated, double rate)
    {
        var slot = SlotOf(version + 2);
        _view.Write(slot, real);
        _view.Write(slot + 8, simulated);
        _view.Write(slot + 16, rate);
        Interlocked.MemoryBarrier();
        _view.Write(0, version + 2);
        _view.Flush();
    }

    // Under the lock nobody writes: an odd version is a dead writer's.
    private void Repair()
    {
        if (Version % 2 != 0) _view.Write(0, Version - 1);
    }

    private static long SlotOf(long version) => 8 + version / 2 % 2 * SlotSize;

    private FileStream Lock()
    {
        for (var attempt = 1; ; attempt++)
        {
            if (TryLock(attempt == LockAttemptsMax) is { } held) return held;
            Thread.Sleep(10);
        }
    }

    private FileStream? TryLock(bool insist = false)
    {
        try { return new FileStream(_path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None); }
        catch (IOException) when (!insist) { return null; }
    }
}

public static class Clock
{
    /// <summary>The clock that configuration asks for. A simulated one in production is a fault in the set-up: nothing starts.</summary>
    public static TimeProvider From(IConfiguration configuration, IHostEnvironment environment)
    {
        var mode = configuration["Clock:Mode"] ?? "real";
        if (mode == "real") return TimeProvider.System;
        if (mode != "simulated") throw new InvalidOperationException($"Clock:Mode is '{mode}'; it may be real or simulated.");
        if (environment.IsProduction()) throw new InvalidOperationException("A simulated clock does not start in production: set Clock:Mode to real.");
        return new SimulatedClock(configuration["Clock:File"] ?? throw new InvalidOperationException("A simulated clock needs Clock:File."));
    }
}
