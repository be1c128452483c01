using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Tendering.BankSimulator;

/// <summary>Tells escrow of every entry of its account until it has answered, also after a restart. Entries do not wait for each other.</summary>
public sealed partial class DeliverNotices(Bank bank, CamtFiles files, IServiceScopeFactory scopes, ILogger<DeliverNotices> log) : BackgroundService
{
    private const int AtOnceMax = 16;
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(200), PauseMax = TimeSpan.FromSeconds(5);

    private readonly Channel<string> _waiting = Channel.CreateUnbounded<string>();      // bounded by what the journal holds
    private readonly ConcurrentDictionary<string, TaskCompletionSource<NoticeAnswered>> _answers = [];

    /// <summary>Starts the delivery; the answer is there when the task is. What the bank keeps to itself is never answered.</summary>
    public Task<NoticeAnswered> Deliver(string reference)
    {
        if (bank.Find(reference)?.Answer is { } known) return Task.FromResult(known);
        var mine = new TaskCompletionSource<NoticeAnswered>(TaskCreationOptions.RunContinuationsAsynchronously);
        var answer = _answers.GetOrAdd(reference, mine);
        if (answer == mine && bank.IsToldAtOnce(reference)) _waiting.Writer.TryWrite(reference);
        // Between the look at the payment and the line above its answer may have come.
        if (bank.Find(reference)?.Answer is { } late) answer.TrySetResult(late);
        return answer.Task;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        foreach (var reference in bank.Unanswered()) _ = Deliver(reference);
        await Parallel.ForEachAsync(_waiting.Reader.ReadAllAsync(stoppingToken), new ParallelOptions { MaxDegreeOfParallelism = AtOnceMax, CancellationToken = stoppingToken }, DeliverAsync)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async ValueTask DeliverAsync(string reference, CancellationToken ct)
    {
        var entry = bank.FindEntry(reference);
        for (var pause = First; ; pause = pause * 2 < PauseMax ? pause * 2 : PauseMax)
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                var gateway = scope.ServiceProvider.GetRequiredService<Gateway>();
                var answer = await gateway.NotifyAsync(entry.Reference, files.Notice(entry, "N"), ct);
                if (entry is { Fault: Fault.Twice, Amount: > 0 }) await gateway.NotifyAsync(entry.Reference, files.Notice(entry, "D"), ct);
                bank.Answer(answer);
                if (answer.Status >= 400) LogRefused(log, reference, answer.Status, answer.Code);
                if (_answers.TryRemove(reference, out var waiting)) waiting.TrySetResult(answer);
                if (entry.Fault == Fault.Reversed && bank.Reverse(reference, await gateway.NowAsync(ct)) is { } reversal) _ = Deliver(reversal);
                return;
            }
            catch (Exception e) when (!ct.IsCancellationRequested) { LogRetry(log, reference, e.GetType().Name, e.Message); }
            await Task.Delay(pause, ct);
        }
    }

    [LoggerMessage(LogLevel.Information, "The notice of {Reference} was not answered ({Kind}: {Reason}); it is sent again.")]
    private static partial void LogRetry(ILogger log, string reference, string kind, string reason);

    [LoggerMessage(LogLevel.Error, "The notice of {Reference} was refused with {Status} {Code}: compare the books.")]
    private static partial void LogRefused(ILogger log, string reference, int status, string? code);
}
