using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;

namespace Tendering.ServiceDefaults.Tests;

public sealed class ClockTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "clock-" + Guid.NewGuid().ToString("N"));

    private string File => Path.Combine(_folder, "clock");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Two_processes_share_one_time()
    {
        using var one = new SimulatedClock(File);
        using var two = new SimulatedClock(File);
        var to = one.GetUtcNow().AddYears(2);
        var version = two.Version;
        one.Move(to, 0.001);
        Assert.InRange(two.GetUtcNow(), to, to.AddMinutes(1));
        Assert.Equal(0.001, two.Rate);
        Assert.NotEqual(version, two.Version);
    }

    [Fact]
    public void A_clock_that_is_opened_again_goes_on_from_where_it_was()
    {
        DateTimeOffset to;
        using (var one = new SimulatedClock(File)) one.Move(to = one.GetUtcNow().AddDays(100), 1);
        using var again = new SimulatedClock(File);
        Assert.True(again.GetUtcNow() >= to);
    }

    [Fact]
    public void It_never_goes_back()
    {
        using var clock = new SimulatedClock(File);
        var before = clock.GetUtcNow();
        var broken = Assert.Throws<RuleBrokenException>(() => clock.Move(before.AddSeconds(-1), null));
        Assert.Equal("clock-moves-forward", broken.Code);
        Assert.True(clock.GetUtcNow() >= before);
        Assert.Equal(1, clock.Rate);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(SimulatedClock.RateMax * 2)]
    public void A_rate_has_bounds(double rate)
    {
        using var clock = new SimulatedClock(File);
        Assert.Equal("clock-rate", Assert.Throws<RuleBrokenException>(() => clock.Move(null, rate)).Code);
    }

    [Fact]
    public void It_runs_at_its_rate()
    {
        using var clock = new SimulatedClock(File);
        clock.Move(null, 86_400);
        var (start, real) = (clock.GetUtcNow(), Stopwatch.StartNew());
        while (real.ElapsedMilliseconds < 50) { }
        var (early, passed) = (real.Elapsed, clock.GetUtcNow() - start);
        Assert.InRange(passed.TotalSeconds, 0.9 * early.TotalSeconds * 86_400, 1.5 * real.Elapsed.TotalSeconds * 86_400);
    }

    [Fact]
    public async Task Readers_beside_a_writer_see_no_torn_value_and_never_a_step_back()
    {
        using var writer = new SimulatedClock(File);
        using var done = new CancellationTokenSource();
        var begin = writer.GetUtcNow();
        var clocks = Enumerable.Range(0, 3).Select(_ => new SimulatedClock(File)).ToArray();
        var readers = clocks.Select(clock => Task.Run(() =>
        {
            var last = DateTimeOffset.MinValue;
            while (!done.IsCancellationRequested)
            {
                var now = clock.GetUtcNow();
                Assert.True(now >= last, $"went back by {last - now}");
                Assert.InRange(now, begin, begin.AddYears(500));
                last = now;
            }
        })).ToArray();
        var random = new Random(1);
        for (var n = 0; n < 600; n++) writer.Move(n % 3 == 0 ? writer.GetUtcNow().AddHours(1 + random.Next(60)) : null, n % 2 == 0 ? 1 : 100_000);
        await done.CancelAsync();
        await Task.WhenAll(readers);
        foreach (var clock in clocks) clock.Dispose();
    }

    [Fact]
    public async Task A_writer_that_died_half_way_stops_neither_readers_nor_the_next()
    {
        using var clock = new SimulatedClock(File);
        var moved = clock.Move(clock.GetUtcNow().AddDays(1), null);
        using (var file = System.IO.File.Open(File, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            var version = file.ReadByte();
            file.Position = 0;
            file.WriteByte((byte)(version | 1));
        }
        await Task.Run(() => Assert.InRange(clock.GetUtcNow(), moved, moved.AddMinutes(5))).WaitAsync(TimeSpan.FromSeconds(60));
        await Task.Run(() => Assert.True(clock.Move(null, 2) >= moved)).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(2, clock.Rate);
    }

    [Fact]
    public void Production_refuses_a_simulated_clock()
    {
        Directory.CreateDirectory(_folder);
        var settings = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["Clock:Mode"] = "simulated", ["Clock:File"] = File }).Build();
        Assert.Throws<InvalidOperationException>(() => Clock.From(settings, new At("Production")));
        using var clock = Assert.IsType<SimulatedClock>(Clock.From(settings, new At("Development")));
    }

    [Fact]
    public void The_real_clock_is_the_default_and_an_unknown_mode_is_refused()
    {
        Directory.CreateDirectory(_folder);
        Assert.Same(TimeProvider.System, Clock.From(new ConfigurationBuilder().Build(), new At("Production")));
        var settings = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["Clock:Mode"] = "fast" }).Build();
        Assert.Throws<InvalidOperationException>(() => Clock.From(settings, new At("Development")));
    }

    private sealed class At(string name) : IHostEnvironment
    {
        public string EnvironmentName { get; set; } = name;
        public string ApplicationName { get; set; } = "tests";
        public string ContentRootPath { get; set; } = "";
        public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
    }
}
