using System.Collections.Concurrent;
using Spectre.Console;

namespace Tendering.Replay.Playing;

/// <summary>Shows how far each phase is: bars on a terminal, a line now and then in a log.</summary>
public sealed class ProgressBoard
{
    private static readonly TimeSpan LogEvery = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<string, ProgressTask> _bars = new();
    private readonly Lock _lock = new();
    private DateTimeOffset _logged;
    private string _phase = "";

    public static async Task<T> ShowAsync<T>(Func<Action<string, int, int>, Task<T>> work)
    {
        var board = new ProgressBoard();
        if (Console.IsOutputRedirected) return await work(board.Log);
        return await AnsiConsole.Progress().AutoClear(false).Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(context => work((phase, done, total) => board.Bar(context, phase, done, total)));
    }

    private void Bar(ProgressContext context, string phase, int done, int total)
    {
        var bar = _bars.GetOrAdd(phase, p => context.AddTask(Markup.Escape(p), maxValue: Math.Max(total, 1)));
        bar.Value = total == 0 ? 1 : Math.Max(bar.Value, done);
    }

    private void Log(string phase, int done, int total)
    {
        lock (_lock)
        {
            var now = TimeProvider.System.GetUtcNow();
            if (phase == _phase && done < total && now - _logged < LogEvery) return;
            (_phase, _logged) = (phase, now);
            Console.WriteLine($"{phase}: {done}/{total}");
        }
    }
}
