using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Tendering.BankSimulator;

/// <summary>Tells escrow of every payment until it has answered, also after a restart. Payments do not wait for each other.</summary>
public sealed partial class DeliverNotices(Bank bank, IServiceScopeFactory scopes, ILogger<DeliverNotices> log) : BackgroundService
{
    private const int AtOnceMax = 16;
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(200), PauseMax = TimeSpan.FromSeconds(5);

    private readonly Channel<PaymentBooked> _waiting = Channel.CreateUnbounded<PaymentBooked>();      // bounded by what the journal holds
    private readonly ConcurrentDictionary<string, TaskCompletionSource<NoticeAnswered>> _answers = [];

    /// <summary>Starts the delivery; the answer is there when the task is.</summary>
    public Task<NoticeAnswered> Deliver(Payment payment)
    {
        if (payment.Answer is { } known) return Task.FromResult(known);
        var mine = new TaskCompletionSource<NoticeAnswered>(TaskCreationOptions.RunContinuationsAsynchronously);
        var answer = _answers.GetOrAdd(payment.Booked.Reference, mine);
        if (answer == mine) _waiting.Writer.TryWrite(payment.Booked);
        // Between the look at the payment and the line above its answer may have come.
        if (bank.Find(payment.Booked.Reference)?.Answer is { } late) answer.TrySetResult(late);
        return answer.Task;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        foreach (var payment in bank.Unanswered()) _ = Deliver(new Payment(payment, null));
        await Parallel.ForEachAsync(_waiting.Reader.ReadAllAsync(stoppingToken), new ParallelOptions { MaxDegreeOfParallelism = AtOnceMax, CancellationToken = stoppingToken }, DeliverAsync)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async ValueTask DeliverAsync(PaymentBooked payment, CancellationToken ct)
    {
        for (var pause = First; ; pause = pause * 2 < PauseMax ? pause * 2 : PauseMax)
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                var answer = await scope.ServiceProvider.GetRequiredService<Gateway>().NotifyAsync(payment, ct);
                bank.Answer(answer);
                if (_answers.TryRemove(payment.Reference, out var waiting)) waiting.TrySetResult(answer);
                return;
            }
            catch (Exception e) when (!ct.IsCancellationRequested) { LogRetry(log, payment.Reference, e.GetType().Name, e.Message); }
            await Task.Delay(pause, ct);
        }
    }

    [LoggerMessage(LogLevel.Information, "The notice of payment {Reference} was not answered ({Kind}: {Reason}); it is sent again.")]
    private static partial void LogRetry(ILogger log, string reference, string kind, string reason);
}
