namespace Tendering.Escrow.Domain;

/// <summary>
/// A movement of the bank's account that is to be booked: an entry, or one transaction of an entry that holds several. Known for ever by
/// <paramref name="Reference"/>; <paramref name="EntryReference"/> and <paramref name="EntryAmount"/> are those of the entry it belongs to.
/// </summary>
/// <param name="BookedAt">The moment at which the bank booked it; where it tells only the day, the day's end or the file's making, whichever is earlier.</param>
/// <param name="BookedFrom">The earliest moment it can have been booked: the same where the bank tells the moment, the day's begin where it does not.</param>
/// <param name="IsWhole">False where an entry of several transactions was not told apart, so that nobody can say whose money it is.</param>
public sealed record BankLine(
    string Where, string Reference, string EntryReference, long EntryAmount, long Amount, string Currency, bool IsCredit, bool IsReversal, DateTimeOffset BookedAt, DateTimeOffset BookedFrom,
    DateOnly Day, DateOnly? ValueDay, string? AccountNumber, string? CounterpartyAccount, string? CounterpartyName, string? EndToEndId, string? Remittance, string? ReturnReason, string Code, bool IsWhole)
{
    /// <summary>The order that this shows, if its end-to-end id is one of ours.</summary>
    public Guid? OrderId => Guid.TryParseExact(EndToEndId, "N", out var id) ? id : null;

    /// <summary>Money in above 0, money out below.</summary>
    public long Net => IsCredit ? Amount : -Amount;
}
