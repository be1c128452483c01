namespace Tendering.Escrow.Domain;

/// <summary>What a transfer is for, as statements show it.</summary>
public static class TransferCodes
{
    public const string Received = "payment-received";
    public const string Held = "deposit-held";
    public const string Released = "hold-released";
    public const string Suspended = "payment-suspended";
    public const string Returned = "payment-returned";
    public const string RefundOrdered = "refund-ordered";
    public const string Forfeited = "deposit-forfeited";
    public const string ToTreasury = "forfeit-to-treasury";
    public const string Paid = "payment-confirmed";
}

/// <summary>The bank's moments as the database keeps them, in whole microseconds: a repeat compares equal.</summary>
public static class BankTime
{
    public static DateTimeOffset Of(DateTimeOffset moment) => new(moment.UtcTicks - moment.UtcTicks % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);
}
