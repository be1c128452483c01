using System.Collections.Frozen;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tendering.Contracts.Escrow;
using Tendering.Contracts.Evaluation;
using Tendering.Contracts.Platform;
using Tendering.ServiceDefaults;
using Tendering.Supervision.Data;
using Tendering.Supervision.Domain;

namespace Tendering.Supervision.Features;

/// <summary>
/// Records every event of every source in the order of its stream, once. A repeat is compared with what was recorded; what comes
/// before its turn waits. A gap and a changed event raise an alarm.
/// </summary>
public static class RecordEvents
{
    private const int PageMax = 500;
    // Events that are alarms by themselves.
    private static readonly FrozenDictionary<string, (string Kind, string What)> Findings = new Dictionary<string, (string, string)>
    {
        [Outbox.NameOf(typeof(RefundsDelayed)).Name] = (Alarm.RefundsOverdue, "Deposits are not back although the time for their refund is over"),
        [Outbox.NameOf(typeof(SharedPayerFound)).Name] = (Alarm.SharedPayer, "Payments for several bidders of one lot came from one account"),
        [Outbox.NameOf(typeof(LateFactRecorded)).Name] = (Alarm.LateArchive, "An archive turned out not to be opened when the evaluation was complete: its result stands until somebody decides"),
        [Outbox.NameOf(typeof(LedgerDoubted)).Name] = (Alarm.LedgerDoubted, "The books of the deposits do not hold: nothing should be paid out until the cause is found"),
    }.ToFrozenDictionary();

    private static readonly string Parked = Outbox.NameOf(typeof(MessageParked)).Name;

    public static async Task Handle(IReadOnlyList<Envelope> batch, SupervisionDb db, IServiceProvider services, CancellationToken ct)
    {
        var work = new Work(db, services.GetRequiredService<TimeProvider>().GetUtcNow());
        // While a consumer is replaced, the old and the new may both be at work: indexes are given by one at a time.
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(727001, 4)", ct);
        work.Index = await db.Events.MaxAsync(e => (long?)e.Index, ct) ?? 0;
        var sources = batch.Select(e => e.Source).Distinct().ToArray();
        work.Streams = await db.Streams.FromSql($"select * from stream where source = any({sources}) for update").ToDictionaryAsync(s => s.Source, ct);

        foreach (var envelope in batch) work.Take(envelope);
        await work.RecordAsync(ct);
        await work.LetWaitAsync(ct);
        foreach (var stream in work.Streams.Values.Where(s => s.HasGap || work.HadGap.Contains(s.Source))) await work.JoinWaitingAsync(stream, ct);
        await work.CompareAsync(ct);
    }

    private sealed class Work(SupervisionDb db, DateTimeOffset now)
    {
        private readonly NpgsqlConnection _connection = (NpgsqlConnection)db.Database.GetDbConnection();
        private readonly List<RecordedEvent> _next = [];
        private readonly List<Envelope> _early = [], _repeated = [];

        public long Index { get; set; }
        public Dictionary<string, SourceStream> Streams { get; set; } = [];
        public HashSet<string> HadGap { get; } = [];

        public Arrival Take(Envelope envelope)
        {
            if (!Streams.TryGetValue(envelope.Source, out var stream)) Streams.Add(envelope.Source, stream = db.Add(new SourceStream { Source = envelope.Source }).Entity);
            // A beginning that nobody heard is asked for like any gap, and an alarm only when asking does not help.
            if (stream.WasHeard && stream.GapBefore(envelope.Sequence) is { } gap) db.Raise(Alarm.OfGap(stream.Source, gap, now));
            if (stream.HasGap) HadGap.Add(stream.Source);
            var arrival = stream.Take(envelope.Sequence);
            switch (arrival)
            {
                case Arrival.Next: Append(envelope); break;
                case Arrival.Early: _early.Add(envelope); break;
                case Arrival.Repeated: _repeated.Add(envelope); break;
            }
            return arrival;
        }

        public async Task RecordAsync(CancellationToken ct)
        {
            await RecordedEvent.InsertAsync(_connection, _next, ct);
            _next.Clear();
        }

        public async Task LetWaitAsync(CancellationToken ct)
        {
            foreach (var early in _early)
            {
                var (text, hash) = (JsonSerializer.Serialize(early, Outbox.Json), RecordedEvent.HashOf(early));
                await db.Database.ExecuteSqlAsync($"insert into waiting (source, sequence, envelope, hash) values ({early.Source}, {early.Sequence}, {text}, {hash}) on conflict do nothing", ct);
                var first = await db.Waiting.AsNoTracking().Where(w => w.Source == early.Source && w.Sequence == early.Sequence).Select(w => w.Hash).SingleAsync(ct);
                if (!first.AsSpan().SequenceEqual(hash)) await KeepRewritingAsync(early, hash, ct);
            }
        }

        /// <summary>Those whose turn has come, in order; as long as the first that waits is still too early there is nothing to do.</summary>
        public async Task JoinWaitingAsync(SourceStream stream, CancellationToken ct)
        {
            var before = stream.Last;
            while (true)
            {
                var page = await db.Waiting.AsNoTracking().Where(w => w.Source == stream.Source && db.Waiting.Any(f => f.Source == stream.Source && f.Sequence <= stream.Last + 1))
                    .OrderBy(w => w.Sequence).Take(PageMax).ToListAsync(ct);
                if (page.Count == 0) break;
                foreach (var waiting in page.TakeWhile(w => w.Sequence <= stream.Last + 1)) Take(JsonSerializer.Deserialize<Envelope>(waiting.Envelope, Outbox.Json)!);
                await db.Waiting.Where(w => w.Source == stream.Source && w.Sequence <= stream.Last).ExecuteDeleteAsync(ct);
                await RecordAsync(ct);
            }
            if (stream.HasGap && stream.Last > before) stream.AskAtOnce();
        }

        /// <summary>A stream is never rewritten: what comes again must be what was recorded.</summary>
        public async Task CompareAsync(CancellationToken ct)
        {
            if (_repeated.Count == 0) return;
            var (sources, sequences) = (_repeated.Select(e => e.Source).ToArray(), _repeated.Select(e => e.Sequence).ToArray());
            var recorded = await db.Events.FromSql($"select e.* from event e join unnest({sources}, {sequences}) as r (source, sequence) using (source, sequence)")
                .AsNoTracking().Select(e => new { e.Source, e.Sequence, e.Hash }).Distinct().ToDictionaryAsync(e => (e.Source, e.Sequence), e => e.Hash, ct);
            foreach (var repeated in _repeated)
            {
                var hash = RecordedEvent.HashOf(repeated);
                if (!recorded[(repeated.Source, repeated.Sequence)].AsSpan().SequenceEqual(hash)) await KeepRewritingAsync(repeated, hash, ct);
            }
        }

        private void Append(Envelope envelope)
        {
            _next.Add(RecordedEvent.At(++Index, envelope));
            if (Findings.TryGetValue(envelope.Type, out var finding)) db.Raise(Alarm.OfFinding(finding.Kind, envelope.Source, envelope.Sequence, finding.What, now));
            if (envelope.Type != Parked) return;
            var parked = Read(envelope);
            db.Raise(Alarm.OfParked(envelope.Source, envelope.Sequence, parked?.Consumer ?? "?", parked?.EventType ?? "an event", parked?.EventId, parked?.Error ?? "?", now));
        }

        // The record takes what it cannot read as it takes all else: nothing may stop it.
        private static MessageParked? Read(Envelope envelope)
        {
            try { return JsonSerializer.Deserialize<MessageParked>(envelope.Payload, Outbox.Json); }
            catch (JsonException) { return null; }
        }

        private async Task KeepRewritingAsync(Envelope envelope, byte[] hash, CancellationToken ct)
        {
            if (await db.Rewritings.FindAsync([envelope.Source, envelope.Sequence, hash], ct) is not null) return;
            var alarm = Alarm.OfRewriting(envelope.Source, envelope.Sequence, now);
            db.Raise(alarm);
            db.Add(new Rewriting(envelope.Source, envelope.Sequence, hash, JsonSerializer.Serialize(envelope, Outbox.Json), alarm.Id));
        }
    }
}
