namespace Tendering.Contracts.Escrow;

/// <summary>
/// The hold on a deposit ended; the money is to be refunded by <paramref name="RefundDueBy"/>, with the interest that is ordered with it; a letter
/// (<paramref name="Kind"/>: guarantee-letter) is given back with this.
/// </summary>
[Event("escrow.deposit-released", SecretUntil = Disclosure.Opening)]
public sealed record DepositReleased(
    Guid TenderId, Guid LotId, Guid BidderId, long Amount, string Currency, string Reason, string Rule, string Article, DateTimeOffset RefundDueBy,
    DateTimeOffset ReleasedAt, string? Kind = null, long? Interest = null) : ITenderEvent;
