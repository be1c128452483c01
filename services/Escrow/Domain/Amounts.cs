using System.Globalization;

namespace Tendering.Escrow.Domain;

/// <summary>How an amount of minor units is written for people and for programs.</summary>
public static class Amounts
{
    /// <summary>With groups of three: 1,234.50.</summary>
    public static string Text(long minor, string currency) => In(minor, currency, grouped: true);

    /// <summary>Without: 1234.50.</summary>
    public static string Plain(long minor, string currency) => In(minor, currency, grouped: false);

    private static string In(long minor, string currency, bool grouped)
    {
        // Currencies whose minor unit is the unit itself have no decimals.
        var digits = currency is "JPY" or "KRW" ? 0 : 2;
        return (digits == 0 ? minor : minor / 100m).ToString((grouped ? "N" : "F") + digits, CultureInfo.InvariantCulture);
    }
}
