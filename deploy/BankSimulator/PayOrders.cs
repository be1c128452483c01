namespace Tendering.BankSimulator;

/// <summary>
/// Fetches what escrow has ordered, pays each order once and confirms it. An order stays listed until it is confirmed, so that whatever
/// fails or is killed here is taken up by the next look.
/// </summary>
public sealed partial class PayOrders(Bank bank, IServiceScopeFactory scopes, ILogger<PayOrders> log) : BackgroundService
{
    private static readonly TimeSpan Busy = TimeSpan.FromMilliseconds(500), Idle = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = Busy;
        while (!stoppingToken.IsCancellationRequested)
        {
            var hasWorked = false;
            try { hasWorked = await PayAllAsync(stoppingToken); }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) { LogRetry(log, e.GetType().Name, e.Message); }
            catch (OperationCanceledException) { return; }
            pause = hasWorked ? Busy : pause * 2 < Idle ? pause * 2 : Idle;
            await Task.Delay(pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<bool> PayAllAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var gateway = scope.ServiceProvider.GetRequiredService<Gateway>();
        var after = 0L;
        while (await gateway.OrdersAsync(after, ct) is { Length: > 0 } page)
        {
            foreach (var order in page) await PayAsync(gateway, order, ct);
            after = page[^1].Sequence;
        }
        return after > 0;
    }

    private async Task PayAsync(Gateway gateway, PaymentOrder order, CancellationToken ct)
    {
        var paid = bank.FindOrder(order.Id) ?? bank.PayOrder(new OrderPaid(
            order.Id, $"P{order.Id:N}", order.ToAccount, order.ToName, order.Amount, order.Currency, order.Purpose, await gateway.NowAsync(ct)));
        try
        {
            var status = await gateway.ConfirmAsync(paid, ct);
            if (status >= 400) LogRefused(log, order.Id, status);
        }
        catch (HttpRequestException e) { LogRetry(log, e.GetType().Name, e.Message); }         // one that fails must not keep the others waiting
    }

    [LoggerMessage(LogLevel.Information, "Orders could not be fetched or confirmed ({Kind}: {Reason}); it is tried again.")]
    private static partial void LogRetry(ILogger log, string kind, string reason);

    [LoggerMessage(LogLevel.Error, "The confirmation of order {Order} was refused with {Status}: compare the books.")]
    private static partial void LogRefused(ILogger log, Guid order, int status);
}
