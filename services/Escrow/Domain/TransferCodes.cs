namespace Tendering.Escrow.Domain;

/// <summary>What a transfer is for, as statements show it.</summary>
public static class TransferCodes
{
    public const string Received = "payment-received";
    public const string Held = "deposit-held";
    public const string Released = "hold-released";
    public const string Expired = "hold-expired";
    public const string Suspended = "payment-suspended";
    public const string Returned = "payment-returned";
    public const string RefundOrdered = "refund-ordered";
    public const string Forfeited = "deposit-forfeited";
    public const string ToTreasury = "forfeit-to-treasury";
    public const string InterestOrdered = "interest-ordered";
    public const string TreasuryOrdered = "treasury-ordered";
    public const string ClaimReceived = "claim-received";
    public const string ClaimToTreasury = "claim-to-treasury";
    public const string Paid = "payment-confirmed";
}
