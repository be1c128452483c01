namespace Tendering.Escrow.Domain.Camt;

/// <summary>A statement (camt.053) tells a whole day with its balances; a notification (camt.054) tells single entries at once.</summary>
public enum CamtKind { Statement, Notification }

/// <summary>What a file of the bank says, read and not yet believed. Amounts in minor units.</summary>
public sealed record CamtFile(CamtKind Kind, int Version, string MessageId, DateTimeOffset CreatedAt, CamtPages? Pages, IReadOnlyList<CamtPart> Parts);

/// <summary>One statement or notification of a file.</summary>
public sealed record CamtPart(
    string Id, string Account, string? Currency, CamtPages? Pages, IReadOnlyList<CamtBalance> Balances, CamtTotals? Totals, IReadOnlyList<CamtEntry> Entries);

public sealed record CamtPages(int Number, bool IsLast);

/// <summary>A balance of the account; below 0 where the account is overdrawn. Opening is OPBD or PRCD, closing CLBD.</summary>
public sealed record CamtBalance(string Code, CamtAmount Amount, CamtDate Date);

/// <summary>The sums that the bank itself gives; null where it gives none. Sums are texts of the file, exact.</summary>
public sealed record CamtTotals(CamtTotal? All, CamtTotal? Credits, CamtTotal? Debits, decimal? Net);

public sealed record CamtTotal(long? Count, decimal? Sum);

/// <summary>An amount as it was written (at most 18 digits, 5 of them decimals) with its sign by the direction.</summary>
public readonly record struct CamtAmount(decimal Value, string Currency);

/// <summary>A day, and the moment where the bank tells it.</summary>
public sealed record CamtDate(DateOnly Day, DateTimeOffset? Moment);

/// <summary>Booked entries have moved money; pending and informational ones have not.</summary>
public enum CamtStatus { Booked, Pending, Information }

/// <summary>An entry of the account. <paramref name="Number"/> counts from 1 within its part, <paramref name="Reference"/> is the bank's own (AcctSvcrRef).</summary>
public sealed record CamtEntry(
    int Number, string? Reference, CamtAmount Amount, bool IsCredit, bool IsReversal, CamtStatus Status, CamtDate? Booking, CamtDate? Value, string Code, string? Information,
    IReadOnlyList<CamtBatch> Batches, IReadOnlyList<CamtDetail> Details);

/// <summary>A group of transactions within an entry, with the number and sum that the bank gives for it.</summary>
public sealed record CamtBatch(long? Count, CamtAmount? Total, int Details);

/// <summary>One transaction of an entry.</summary>
public sealed record CamtDetail(
    string? Reference, string? EndToEndId, CamtAmount? Amount, bool? IsCredit, string? DebtorName, string? DebtorAccount, string? CreditorName, string? CreditorAccount,
    string? Remittance, string? ReturnReason);
