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
    private const int Size = 32;                       // version, real ticks, simulated ticks, rate
    public const double RateMax = 1_000_000;

    private static readonly TimeSpan WatchEvery = TimeSpan.FromMilliseconds(40);

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
            if (fresh)
            {
                var now = System.GetUtcNow().Ticks;
                Write(now, now, 1);
            }
        }
        _seen = Version;
        _watch = new Timer(_ => Watch(), null, WatchEvery, WatchEvery);
    }

    /// <summary>Changes with every move.</summary>
    public long Version => _view.ReadInt64(0);

    /// <summary>Ends when this or another process moves the clock after now, so that waiting loops can look again at once.</summary>
    public Task NextMove => Volatile.Read(ref _move).Task;

    public double Rate => Read().Rate;

    public override DateTimeOffset GetUtcNow()
    {
        var (real, simulated, rate) = Read();
        var elapsed = System.GetUtcNow().Ticks - real;
        return new DateTimeOffset(simulated + (long)(elapsed * rate), TimeSpan.Zero);
    }

    /// <summary>Moves forward to <paramref name="to"/> and goes on at <paramref name="rate"/> simulated seconds a real second.</summary>
    public DateTimeOffset Move(DateTimeOffset? to, double? rate)
    {
        using (Lock())
        {
            var now = GetUtcNow();
            Rule.Require(to is null || to >= now, "clock-moves-forward", $"The clock shows {now:u} and does not go back.");
            Rule.Require(rate is null or (> 0 and <= RateMax), "clock-rate", $"A rate lies above 0 and at most at {RateMax}.");
            Write(System.GetUtcNow().Ticks, (to ?? now).UtcTicks, rate ?? Rate);
            return GetUtcNow();
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
        if (version == _seen) return;
        _seen = version;
        Interlocked.Exchange(ref _move, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    // Readers never lock: an odd version says that a write is under way, a changed one that the read was torn.
    private (long Real, long Simulated, double Rate) Read()
    {
        while (true)
        {
            var version = _view.ReadInt64(0);
            Interlocked.MemoryBarrier();
            var values = (_view.ReadInt64(8), _view.ReadInt64(16), _view.ReadDouble(24));
            Interlocked.MemoryBarrier();
            if (version % 2 == 0 && version == _view.ReadInt64(0)) return values;
            Thread.SpinWait(20);
        }
    }

    private void Write(long real, long simulated, double rate)
    {
        // A writer that died half way leaves an odd version; the next one, under the lock, starts from the even one after it.
        var version = _view.ReadInt64(0) | 1;
        _view.Write(0, version);
        Interlocked.MemoryBarrier();
        _view.Write(8, real);
        _view.Write(16, simulated);
        _view.Write(24, rate);
        Interlocked.MemoryBarrier();
        _view.Write(0, version + 1);
        _view.Flush();
    }

    private FileStream Lock()
    {
        for (var attempt = 0; ; attempt++)
        {
            try { return new FileStream(_path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None); }
            catch (IOException) when (attempt < 200) { Thread.Sleep(10); }
        }
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
