namespace Tendering.Contracts.Escrow;

/// <summary>
/// Payments for several bidders of one lot came from one account: a presumption of collusion. Told once the opening (or the failure) has ended the
/// secrecy; for the supervisors alone.
/// </summary>
[Event("escrow.shared-payer-found", SecretUntil = Disclosure.Never)]
public sealed record SharedPayerFound(
    Guid TenderId, Guid LotId, string PayerAccount, string PayerName, SharedPayment[] Payments, string Rule, string Article, DateTimeOffset FoundAt) : ITenderEvent;

/// <summary>One payment from the shared account, whether it was taken or sent back. Amount in minor units.</summary>
public sealed record SharedPayment(Guid BidderId, string BidderName, string BankReference, long Amount, string Outcome, DateTimeOffset BookedAt);
