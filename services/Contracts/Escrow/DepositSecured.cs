namespace Tendering.Contracts.Escrow;

/// <summary>
/// The bid is secured as the lot asks. <paramref name="Kind"/>: payment (held), guarantee-letter (verified) or exemption (amount 0); missing, a
/// payment. Amount in minor units.
/// </summary>
[Event("escrow.deposit-secured", SecretUntil = Disclosure.Opening)]
public sealed record DepositSecured(Guid TenderId, Guid LotId, Guid BidderId, long Amount, string Currency, DateTimeOffset SecuredAt,
    string? Kind = null) : ITenderEvent;
