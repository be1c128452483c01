using System.Text.Json;

namespace Tendering.Protocols;

/// <summary>The price record of a bid, read out at the opening (开标一览表); its canonical JSON is the plaintext of the part <c>price</c>.</summary>
/// <param name="Version">The text <c>1</c>.</param>
/// <param name="Price">In minor units of the currency, fen for CNY; more than zero.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="DeliveryDays">Days to deliver or build, where asked for.</param>
public sealed record OpeningSchedule(
    string Version, Guid Tender, Guid Lot, Guid Bidder, int Revision, long Price, string Currency, int? DeliveryDays, string? ProjectManager, string? Remarks)
{
    public const string VersionOne = "1";

    /// <summary>Highest price in minor units: the largest integer that every JSON reader keeps.</summary>
    public const long PriceMax = (1L << 53) - 1;
    public const int DeliveryDaysMax = 36_500;
    public const int ProjectManagerLengthMax = 100;
    public const int RemarksLengthMax = 2_000;

    public byte[] Canonical() => CanonicalJson.Serialize(this);

    /// <summary>Reads canonical bytes and checks every value; what cannot be read as this record is a <see cref="ScheduleException"/>.</summary>
    public static OpeningSchedule Parse(ReadOnlySpan<byte> canonical)
    {
        if (canonical.Length > SealedPart.PriceLengthMax)
        {
            throw new ScheduleException(ScheduleFault.Malformed, "The price record is too long.");
        }

        try
        {
            var schedule = CanonicalJson.Deserialize<OpeningSchedule>(canonical);
            schedule.RefuseUnfit();
            return schedule;
        }
        catch (JsonException e)
        {
            throw new ScheduleException(ScheduleFault.Malformed, "The price record is not canonical JSON of the opening schedule.", e);
        }
    }

    /// <summary>Reads the price record of this very bid: tender, lot, bidder and revision must be the manifest's.</summary>
    public static OpeningSchedule Parse(ReadOnlySpan<byte> canonical, BidManifest manifest)
    {
        var schedule = Parse(canonical);
        return (schedule.Tender, schedule.Lot, schedule.Bidder, schedule.Revision) == (manifest.Tender, manifest.Lot, manifest.Bidder, manifest.Revision)
            ? schedule
            : throw new ScheduleException(ScheduleFault.Identity, "The price record belongs to another bid than its manifest.");
    }

    private void RefuseUnfit()
    {
        Require(Version == VersionOne, ScheduleFault.Version, "The version is not 1.");
        Require(Price is > 0 and <= PriceMax, ScheduleFault.Price, "The price is not a whole number of minor units above zero.");
        Require(Iso4217.IsCurrency(Currency), ScheduleFault.Currency, "The currency is not an ISO 4217 code.");
        Require(DeliveryDays is null or (> 0 and <= DeliveryDaysMax), ScheduleFault.DeliveryDays, $"The delivery time is not 1 to {DeliveryDaysMax} days.");
        Require(
            (ProjectManager?.Length ?? 0) <= ProjectManagerLengthMax && (Remarks?.Length ?? 0) <= RemarksLengthMax,
            ScheduleFault.TooLong, "The project manager's name or the remarks are too long.");
    }

    private static void Require(bool holds, string fault, string message)
    {
        if (!holds)
        {
            throw new ScheduleException(fault, message);
        }
    }
}

/// <summary>A price record that cannot be read as the opening schedule asks; the codes are constants of <see cref="ScheduleFault"/>.</summary>
public sealed class ScheduleException(string code, string message, Exception? inner = null) : ProtocolException(code, message, inner);

/// <summary>Why a price record is refused.</summary>
public static class ScheduleFault
{
    public const string Malformed = "schedule.malformed";
    public const string Version = "schedule.version";
    public const string Identity = "schedule.identity";
    public const string Price = "schedule.price";
    public const string Currency = "schedule.currency";
    public const string DeliveryDays = "schedule.delivery-days";
    public const string TooLong = "schedule.too-long";
}
