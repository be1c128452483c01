namespace Tendering.BankSimulator;

/// <summary>
/// Fetches the files of what escrow has ordered and pays each order once. A file stays listed until all its orders are shown as paid; what
/// was read is known by the file's id, and an order by its end-to-end id, so that whatever is killed here is taken up by the next look.
/// </summary>
public sealed partial class PayOrders(Bank bank, DeliverNotices notices, IServiceScopeFactory scopes, ILogger<PayOrders> log) : BackgroundService
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
        var (after, any) = (0L, false);
        while (await gateway.FilesAsync(after, ct) is { Length: > 0 } page)
        {
            foreach (var file in page.Where(f => !bank.HasTaken(f.Id)))
            {
                any = true;
                var orders = CamtFiles.Orders(await gateway.FileAsync(file.Id, ct), await gateway.NowAsync(ct));
                foreach (var reference in bank.PayFile(file.Id, orders)) _ = notices.Deliver(reference);
            }
            after = page[^1].Sequence;
        }
        return any;
    }

    [LoggerMessage(LogLevel.Information, "Files of orders could not be fetched ({Kind}: {Reason}); it is tried again.")]
    private static partial void LogRetry(ILogger log, string kind, string reason);
}
