using System.Net;
using System.Net.Http.Headers;
using Npgsql;
using Tendering.Protocols;
using Tendering.ServiceDefaults;
using Tendering.Supervision.Data;
using Tendering.Supervision.Domain;

namespace Tendering.Supervision.Features;

/// <summary>
/// Asks the witnesses to cosign (C2SP tlog-witness) and publishes a checkpoint once as many have as the policy needs; until then the last published one stands. The
/// log itself waits for nobody. A witness that holds another history, or a longer one, is the gravest alarm; one that is away, or signs wrongly, an alarm too.
/// </summary>
public sealed partial class CollectCosignatures(AuditLog log, LogOptions options, IServiceScopeFactory scopes, TimeProvider clock, ILogger<CollectCosignatures> logger) : BackgroundService
{
    private const int LockClass = 727001, LockCollector = 6, AnswerMax = SignedNote.BytesMax;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250), Fallback = TimeSpan.FromSeconds(1), Retry = TimeSpan.FromSeconds(1), AnswerTimeMax = TimeSpan.FromSeconds(3), Grace = TimeSpan.FromMilliseconds(200);

    private sealed record Answer(NoteSignature? Signature, string? Alarm = null, string? Failure = null);

    private sealed class Asked(Witness witness)
    {
        public Witness Witness => witness;
        public long Size { get; set; }
        public string? Alarm { get; set; }
        public Task<Answer>? Running { get; set; }
        public long RestUntil { get; set; }
        public int Failures { get; set; }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Witnesses.Count == 0) return;
        while (!stoppingToken.IsCancellationRequested)
        {
            try { await LeadAsync(stoppingToken); }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { return; }
            catch (Exception e) { LogLost(logger, e.GetType().Name, e.Message); }
            await Task.Delay(Retry, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task LeadAsync(CancellationToken ct)
    {
        using var http = new HttpClient { Timeout = AnswerTimeMax, MaxResponseContentBufferSize = AnswerMax };
        await using var connection = await log.Database.OpenConnectionAsync(ct);
        while (await ScalarAsync(connection, $"select pg_try_advisory_lock({LockClass}, {LockCollector})", [], ct) is not true) await Task.Delay(Retry, ct);
        try
        {
            // What is lost here is asked for again.
            await ScalarAsync(connection, $"set synchronous_commit = off; listen {AuditLog.GrownChannel}", [], ct);
            var grown = false;
            // Also while another command runs on this connection.
            connection.Notification += (_, _) => grown = true;
            var witnesses = await LoadAsync(connection, ct);
            var (missingSince, missing) = (clock.GetTimestamp(), false);
            while (true)
            {
                grown = false;
                var behind = await log.HeadAsync(ct) is { } head && head.Size > (head.PublishedSize ?? -1) && !await PublishAsync(connection, witnesses, head, http, ct);
                if (!behind) (missingSince, missing) = (clock.GetTimestamp(), false);
                if (!missing && clock.GetElapsedTime(missingSince) > options.AlarmAfter)
                {
                    missing = true;
                    await RaiseAsync(LogAlarm.OfWitness(LogAlarm.WitnessMissing, $"Fewer than {options.Needed} witnesses cosign: the published checkpoint stands still.", clock.GetUtcNow()), ct);
                }
                if (!grown) await connection.WaitAsync(behind ? Pause : Fallback, ct);
            }
        }
        finally { if (connection.FullState == System.Data.ConnectionState.Open) await ScalarAsync(connection, "select pg_advisory_unlock_all()", [], CancellationToken.None); }
    }

    private async Task<bool> PublishAsync(NpgsqlConnection connection, Asked[] witnesses, LogHead head, HttpClient http, CancellationToken ct)
    {
        if (await AskAllAsync(connection, witnesses, head, http, ct) is not { } published) return false;
        await ScalarAsync(connection, "update log_head set published_size = $1, published = $2 where size >= $1 and coalesce(published_size, -1) < $1", [head.Size, published], ct);
        return true;
    }

    // The note with as many cosignatures as came in time, or null where they are too few.
    private async Task<string?> AskAllAsync(NpgsqlConnection connection, Asked[] witnesses, LogHead head, HttpClient http, CancellationToken ct)
    {
        var note = SignedNote.Parse(head.Checkpoint);
        // One that still owes the answer to an earlier question, or failed a moment ago, is not waited for.
        var asked = witnesses.Where(w => w.Running is null or { IsCompleted: true } && clock.GetElapsedTime(w.RestUntil) >= TimeSpan.Zero).ToArray();
        foreach (var witness in asked) witness.Running = AskAsync(witness, head.Size, note, http, ct);
        var all = Task.WhenAll(asked.Select(w => w.Running!));
        while (!all.IsCompleted && asked.Count(w => w.Running is { IsCompletedSuccessfully: true, Result.Signature: not null }) < options.Needed) await Task.WhenAny([all, .. asked.Where(w => !w.Running!.IsCompleted).Select(w => w.Running!)]);
        await Task.WhenAny(all, Task.Delay(Grace, ct));
        foreach (var witness in asked.Where(w => w.Running!.IsCompleted)) note = await TakeAsync(connection, witness, await witness.Running!, head.Size, note, ct);
        return note.Signatures.Count - 1 >= options.Needed ? note.ToString() : null;
    }

    private async Task<SignedNote> TakeAsync(NpgsqlConnection connection, Asked witness, Answer answer, long size, SignedNote note, CancellationToken ct)
    {
        witness.Failures = answer.Signature is null ? witness.Failures + 1 : 0;
        witness.RestUntil = answer.Signature is null ? clock.GetTimestamp() + (long)(Math.Min(Math.Pow(2, witness.Failures - 1) / 2, 15) * clock.TimestampFrequency) : 0;
        if (answer.Alarm is { } kind && kind != witness.Alarm)
            await RaiseAsync(LogAlarm.OfWitness(kind, $"{witness.Witness.Key.Name}: {answer.Failure}", clock.GetUtcNow()), ct);
        // That history was changed does not pass because the witness is away.
        witness.Alarm = answer.Signature is not null ? null : answer.Alarm ?? witness.Alarm;
        if (answer.Signature is not null) witness.Size = size;
        await ScalarAsync(connection, """
            insert into log_witness (name, size, cosigned_at, failing_since, failure, alarm) values ($1, $2, case when $3::text is null then now() end, case when $3 is not null then now() end, $3, $4)
            on conflict (name) do update set size = excluded.size, cosigned_at = coalesce(excluded.cosigned_at, log_witness.cosigned_at),
              failing_since = case when $3 is not null then coalesce(log_witness.failing_since, now()) end, failure = $3, alarm = $4
            """, [witness.Witness.Key.Name, witness.Size, (object?)answer.Failure ?? DBNull.Value, (object?)witness.Alarm ?? DBNull.Value], ct);
        return answer.Signature is { } signature ? note.With(signature) : note;
    }

    // What a witness does wrong is its answer. A fault of our own, that a proof cannot be read, is thrown: it says nothing of the witness.
    private async Task<Answer> AskAsync(Asked witness, long size, SignedNote note, HttpClient http, CancellationToken ct)
    {
        for (var attempt = 0; ; attempt++)
        {
            var proof = await log.Prover.ConsistencyAsync(Math.Min(witness.Size, size), size, ct);
            try
            {
                if (await AskAsync(witness, size, proof, note, attempt == 0, http, ct) is { } answer) return answer;
            }
            catch (Exception e) when (!ct.IsCancellationRequested && e is HttpRequestException or OperationCanceledException or LogFormatException) { return new Answer(null, null, $"it does not answer ({e.GetType().Name})."); }
        }
    }

    // Null: it has cosigned another size than it was thought to have, and is asked again from there.
    private static async Task<Answer?> AskAsync(Asked witness, long size, IReadOnlyList<byte[]> proof, SignedNote note, bool isFirst, HttpClient http, CancellationToken ct)
    {
        using var content = new ByteArrayContent(new WitnessRequest(Math.Min(witness.Size, size), proof, note).ToBytes()) { Headers = { ContentType = new MediaTypeHeaderValue("text/plain") } };
        using var response = await http.PostAsync(new Uri(witness.Witness.Address.ToString().TrimEnd('/') + "/add-checkpoint"), content, ct);
        var body = await response.Content.ReadAsStringAsync(ct);
        switch (response.StatusCode)
        {
            case HttpStatusCode.OK: return Cosignature(witness.Witness, note, body);
            case HttpStatusCode.Conflict when WitnessRequest.ParseSize(body) is { } known && known <= size && known != witness.Size && isFirst: witness.Size = known; return null;
            case HttpStatusCode.Conflict when WitnessRequest.ParseSize(body) is { } known && known > size:
                return new Answer(null, LogAlarm.Forked, $"it has cosigned a log of {known} entries, and this one has {size}: an old copy is in use, or there are two logs.");
            case HttpStatusCode.Conflict when WitnessRequest.ParseSize(body) is { } known && known != witness.Size: return new Answer(null, null, "it was asked by two at once.");
            case HttpStatusCode.Conflict: return new Answer(null, LogAlarm.Forked, $"it has cosigned another log of {size} entries than this one.");
            case HttpStatusCode.UnprocessableEntity: return new Answer(null, LogAlarm.Forked, $"this log of {size} entries does not continue the one of {witness.Size} that it has cosigned.");
            default: return new Answer(null, null, $"it answers with status {(int)response.StatusCode}.");
        }
    }

    private static Answer Cosignature(Witness witness, SignedNote note, string body)
    {
        try
        {
            var signature = NoteSignature.ParseLines(body).FirstOrDefault(s => s.IsOf(witness.Key));
            return signature is not null && witness.Key.Verify(note.Text, signature.Bytes) ? new Answer(signature) : new Answer(null, LogAlarm.WitnessLies, "its signature is not of its key.");
        }
        catch (LogFormatException) { return new Answer(null, LogAlarm.WitnessLies, "its answer holds no signature."); }
    }

    private async Task<Asked[]> LoadAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var witnesses = options.Witnesses.Select(w => new Asked(w)).ToArray();
        await using var command = new NpgsqlCommand("select name, size, alarm from log_witness", connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            if (Array.Find(witnesses, w => w.Witness.Key.Name == reader.GetString(0)) is { } witness) (witness.Size, witness.Alarm) = (reader.GetInt64(1), reader.IsDBNull(2) ? null : reader.GetString(2));
        return witnesses;
    }

    private async Task RaiseAsync(Alarm alarm, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SupervisionDb>();
        db.Raise(alarm);
        await db.SaveChangesAsync(ct);
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql, object[] values, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return await command.ExecuteScalarAsync(ct);
    }

    [LoggerMessage(LogLevel.Warning, "Collecting cosignatures stopped ({Kind}: {Reason}) and starts again.")]
    private static partial void LogLost(ILogger log, string kind, string reason);
}
