namespace Tendering.BankSimulator;

/// <summary>When a day is over its statement goes out, in each currency that moved, until escrow has answered.</summary>
public sealed partial class SendStatements(Bank bank, CamtFiles files, IServiceScopeFactory scopes, ILogger<SendStatements> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(3);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try { await SendAsync(today: false, stoppingToken); }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) { LogRetry(log, e.GetType().Name, e.Message); }
            await Task.Delay(Every, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Makes what is due and sends whatever has had no answer, in order; the statements that were made.</summary>
    public async Task<IReadOnlyList<StatementMade>> SendAsync(bool today, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var gateway = scope.ServiceProvider.GetRequiredService<Gateway>();
        var made = bank.HasUnstated ? bank.MakeStatements(await gateway.NowAsync(ct), today) : [];
        foreach (var statement in bank.UnansweredStatements())
        {
            var answer = await gateway.NotifyAsync(statement.Number, files.Statement(statement, bank.EntriesOf(statement)), ct);
            bank.AnswerStatement(new StatementAnswered(statement.Number, answer.Status, answer.Code));
            if (answer.Status >= 400) LogRefused(log, statement.Number, answer.Status, answer.Code);
        }
        return made;
    }

    [LoggerMessage(LogLevel.Information, "A statement was not answered ({Kind}: {Reason}); it is sent again.")]
    private static partial void LogRetry(ILogger log, string kind, string reason);

    [LoggerMessage(LogLevel.Error, "The statement {Number} was refused with {Status} {Code}: compare the books.")]
    private static partial void LogRefused(ILogger log, string number, int status, string? code);
}
