using System.Globalization;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Domain.Camt;

/// <summary>Between the bank's decimals and whole minor units, exactly or not at all.</summary>
public static class MinorUnits
{
    // ISO 4217: all others have two.
    private static readonly HashSet<string> None = ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"];
    private static readonly HashSet<string> Three = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

    public static int DigitsOf(string currency) => None.Contains(currency) ? 0 : Three.Contains(currency) ? 3 : 2;

    /// <summary>The amount in minor units; refused where it is finer than the currency or larger than an account may hold.</summary>
    public static long Of(CamtAmount amount, string where)
    {
        var minor = amount.Value;                                       // a decimal of at most 18 digits: exact
        for (var digits = DigitsOf(amount.Currency); digits > 0; digits--) minor *= 10;
        Rule.Require(minor == decimal.Truncate(minor), "amount-too-precise", $"{where}: {amount.Currency} has {DigitsOf(amount.Currency)} decimals, and this amount has more. Nothing was booked.");
        Rule.Require(Math.Abs(minor) <= Transfer.AmountMax, "amount-out-of-range", $"{where}: the amount is larger than {Transfer.AmountMax} minor units. Nothing was booked.");
        return (long)minor;
    }

    /// <summary>As in a payment file: a point and all decimals of the currency.</summary>
    public static string Text(long minor, string currency)
    {
        var units = (decimal)minor;
        for (var digits = DigitsOf(currency); digits > 0; digits--) units /= 10;
        return units.ToString("F" + DigitsOf(currency).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }
}
