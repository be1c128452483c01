using System.Globalization;
using System.Security.Cryptography;

namespace Tendering.Escrow.Domain;

/// <summary>
/// The number a bidder pays to: 16 digits, a fixed prefix, twelve random ones (a counted number would tell how many bidders there are) and
/// two check digits by ISO 7064 MOD 97-10, as in an IBAN.
/// </summary>
public static class VirtualAccountNumber
{
    private const string Prefix = "88";
    private const int BodyLength = 14;

    public static string New() => Complete(Prefix + RandomNumberGenerator.GetString("0123456789", BodyLength - Prefix.Length));

    /// <summary>The whole number for its first 14 digits.</summary>
    public static string Complete(string body) => body + (98 - Remainder(body + "00")).ToString("00", CultureInfo.InvariantCulture);

    public static bool IsValid(string number) => number.Length == BodyLength + 2 && number.All(char.IsAsciiDigit) && Remainder(number) == 1;

    private static long Remainder(string digits) => long.Parse(digits, CultureInfo.InvariantCulture) % 97;
}
