namespace Tendering.Contracts.Supervision;

/// <summary>
/// Something that a supervisor must see. Kind is stable: stream-gap, stream-rewritten, message-parked, refunds-overdue, shared-payer; of the log: log-forked, log-differs, witness-missing, witness-lies,
/// timestamp-missing.
/// </summary>
[Event("supervision.alarm-raised", SecretUntil = Disclosure.Never)]
public sealed record AlarmRaised(Guid AlarmId, string Kind, string Source, long? Sequence, string Detail, DateTimeOffset RaisedAt);
