using System.Diagnostics;
using System.Threading.Channels;
using Npgsql;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Data;

/// <summary>
/// Books what comes at the same time together: one transaction, two exchanges with the database, a verdict for each. For features that
/// need no transaction of their own; the ids make a repeat safe, also after a failure that leaves open whether it was booked.
/// </summary>
public sealed partial class Batcher(NpgsqlDataSource database, Snapshots snapshots, TimeProvider clock, ILogger<Batcher> log) : IHostedService, IDisposable
{
    /// <summary>Transfers: of one request, of one batch, and of all that may wait.</summary>
    public const int RequestMax = 1_000, BatchMax = 1_000, QueueMax = 8_000;

    private const int AttemptsMax = 5;
    private static readonly TimeSpan GatherMax = TimeSpan.FromMilliseconds(2), Pause = TimeSpan.FromMilliseconds(100), RepeatMax = TimeSpan.FromSeconds(10);
    private readonly Channel<Request> _queue = Channel.CreateUnbounded<Request>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Recall _recall = new();
    private int _requests, _transfers, _company;
    private Task _loop = Task.CompletedTask;
    private NpgsqlConnection? _connection;
    private Clerk? _clerk;

    private sealed record Request(IReadOnlyList<Transfer> Transfers, IReadOnlyList<OutboxEvent> Told, CancellationToken Ct)
    {
        public TaskCompletionSource<IReadOnlyList<Verdict>> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Books the transfers with whatever else comes now. Throws <see cref="BusyException"/> when too many wait; nothing of the request is booked then.</summary>
    public Task<IReadOnlyList<Verdict>> BookAsync(IReadOnlyList<Transfer> transfers, CancellationToken ct = default) => BookAsync(transfers, [], ct);

    /// <summary>The same, with events that commit with the transfers: told if all of these are booked, and not again by a repeat.</summary>
    public Task<IReadOnlyList<Verdict>> BookAsync(IReadOnlyList<Transfer> transfers, IReadOnlyList<OutboxEvent> told, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(transfers.Count, RequestMax);
        var request = new Request(transfers, told, ct);
        // Counted before it is queued, so that the limit holds however many come at once.
        if (Interlocked.Add(ref _transfers, transfers.Count) <= QueueMax && Enqueue(request)) return request.Done.Task.WaitAsync(ct);
        Interlocked.Add(ref _transfers, -transfers.Count);
        throw new BusyException("ledger-busy", "Too many transfers wait to be booked: repeat the request, with the same ids, in a second.");
    }

    private bool Enqueue(Request request)
    {
        Interlocked.Increment(ref _requests);
        if (_queue.Writer.TryWrite(request)) return true;
        Interlocked.Decrement(ref _requests);
        return false;
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _loop = Task.Run(RunAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Takes nothing more in; what was taken in is still answered.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.Writer.TryComplete();
        return _loop.WaitAsync(cancellationToken);
    }

    public void Dispose()
    {
        _clerk?.Dispose();
        _connection?.Dispose();
    }

    private async Task RunAsync()
    {
        while (await _queue.Reader.WaitToReadAsync())
        {
            await GatherAsync();
            await BookAsync(Take());
        }
        await LeaveAsync();
    }

    // Who comes alone is booked at once. Where the last batch had company, its callers are about to ask again: they are waited for, a little.
    private async Task GatherAsync()
    {
        if (_company <= 1) return;
        for (var start = Stopwatch.GetTimestamp(); Volatile.Read(ref _requests) < _company && Stopwatch.GetElapsedTime(start) < GatherMax;) await Task.Yield();
    }

    private List<Request> Take()
    {
        var (batch, size) = (new List<Request>(_company), 0);
        while (_queue.Reader.TryPeek(out var next) && (size == 0 || size + next.Transfers.Count <= BatchMax) && _queue.Reader.TryRead(out next))
        {
            Interlocked.Decrement(ref _requests);
            Interlocked.Add(ref _transfers, -next.Transfers.Count);
            if (next.Ct.IsCancellationRequested) next.Done.TrySetCanceled(next.Ct);
            else
            {
                batch.Add(next);
                size += next.Transfers.Count;
            }
        }
        _company = batch.Count;
        return batch;
    }

    private async Task BookAsync(List<Request> batch)
    {
        if (batch.Count == 0) return;
        var start = Stopwatch.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await TryBookAsync(batch);
                return;
            }
            catch (Exception e)
            {
                await LeaveAsync();
                // An id that another took at the same moment, a deadlock, a database that is away for a moment: the next reading knows more.
                var (isTaken, isAway) = (e is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation }, ProblemHandler.IsDatabaseAway(e));
                if ((isTaken || isAway) && attempt < AttemptsMax && Stopwatch.GetElapsedTime(start) < RepeatMax)
                {
                    if (isAway) await Task.Delay(Pause * attempt);
                    continue;
                }
                LogFailed(log, batch.Count, e.GetType().Name);
                if (isAway || batch.Count == 1) Fail(batch, e);
                else await SplitAsync(batch);
                return;
            }
        }
    }

    // One that cannot be booked does not spoil its neighbours.
    private async Task SplitAsync(List<Request> batch)
    {
        await BookAsync(batch[..(batch.Count / 2)]);
        await BookAsync(batch[(batch.Count / 2)..]);
    }

    private static void Fail(List<Request> batch, Exception e)
    {
        foreach (var request in batch) request.Done.TrySetException(e);
    }

    private async Task TryBookAsync(List<Request> batch)
    {
        var clerk = _clerk ?? await EnterAsync();
        var transfers = batch.Count == 1 ? batch[0].Transfers : [.. batch.SelectMany(r => r.Transfers)];
        var answers = await TryRecallAsync(clerk, batch, transfers) ?? await ReadAndBookAsync(clerk, batch, transfers);
        for (var i = 0; i < batch.Count; i++) batch[i].Done.TrySetResult(answers[i]);
    }

    // By memory, in one exchange; null where not everything could be booked so, and nothing was.
    private async Task<IReadOnlyList<Verdict>[]?> TryRecallAsync(Clerk clerk, List<Request> batch, IReadOnlyList<Transfer> transfers)
    {
        if (batch.Any(r => r.Told.Count > 0) || _recall.For(transfers) is not { } known) return null;
        var now = clock.GetUtcNow();
        var (booked, answers, after) = Decide(known, batch, now);
        if (booked.Count == 0 || answers.Any(verdicts => verdicts.Any(v => !v.IsBooked))) return null;
        var moved = Addition.Of(booked, known.Balances);
        try { await clerk.WriteRecalledAsync(booked, moved, _recall, now, CancellationToken.None); }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.UniqueViolation)
        {
            // A repeat spoils nothing that is remembered; that another books on the same rows does.
            if (e.SqlState == PostgresErrorCodes.SerializationFailure) _recall.Miss();
            await clerk.RollBackAsync(CancellationToken.None);
            return null;
        }
        _recall.Advance(after, moved);
        snapshots.Note(booked.Count);
        return answers;
    }

    private async Task<IReadOnlyList<Verdict>[]> ReadAndBookAsync(Clerk clerk, List<Request> batch, IReadOnlyList<Transfer> transfers)
    {
        var state = await clerk.ReadAsync(transfers, CancellationToken.None);
        var now = clock.GetUtcNow();
        var (booked, answers, after) = Decide(state, batch, now);
        OutboxEvent[] told = [.. batch.Where((_, i) => answers[i].All(v => v.IsBooked) && answers[i].Any(v => !v.Repeated)).SelectMany(r => r.Told)];
        if (told.Length > 0) await Told.WriteAsync(_connection!, told, CancellationToken.None);
        if (booked.Count > 0) await clerk.WriteAsync(booked, now, CancellationToken.None);
        else await clerk.RollBackAsync(CancellationToken.None);
        var moved = Addition.Of(booked, state.Balances);
        _recall.Keep(after, clerk.Counts.Select(c => KeyValuePair.Create(c.Key, c.Value + moved.GetValueOrDefault(c.Key).Transfers)));
        snapshots.Note(booked.Count);
        return answers;
    }

    // Each request by itself: a chain that it leaves open must not go on in its neighbour's.
    private static (List<BookedTransfer> Booked, IReadOnlyList<Verdict>[] Answers, LedgerState After) Decide(LedgerState state, List<Request> batch, DateTimeOffset now)
    {
        var (booked, answers) = (new List<BookedTransfer>(batch.Count), new IReadOnlyList<Verdict>[batch.Count]);
        for (var i = 0; i < batch.Count; i++)
        {
            var decision = Ledger.Decide(state, batch[i].Transfers, now);
            (state, answers[i]) = (decision.After, decision.Verdicts);
            booked.AddRange(decision.Booked);
        }
        return (booked, answers, state);
    }

    private async Task<Clerk> EnterAsync()
    {
        _connection = await database.OpenConnectionAsync();
        _clerk = new Clerk(_connection, ownsTransaction: true);
        await _clerk.PrepareAsync(CancellationToken.None);
        return _clerk;
    }

    private async Task LeaveAsync()
    {
        var (clerk, connection) = (_clerk, _connection);
        (_clerk, _connection) = (null, null);
        _recall.Forget();
        try
        {
            clerk?.Dispose();
            if (connection is not null) await connection.DisposeAsync();
        }
        // It is left because it is broken: that it cannot even be closed changes nothing.
        catch (Exception e) { LogFailed(log, 0, e.GetType().Name); }
    }

    [LoggerMessage(LogLevel.Warning, "A batch of {Count} requests could not be booked ({Kind}).")]
    private static partial void LogFailed(ILogger log, int count, string kind);
}
