using System.Globalization;

namespace Tendering.Protocols;

/// <summary>ECMAScript's text of a double (Number::toString, radix 10), as RFC 8785 section 3.2.2.3 asks.</summary>
internal static class EcmaScriptNumber
{
    public static string Write(double value)
    {
        if (value == 0)
        {
            return "0";
        }

        var (digits, point) = Decompose(Math.Abs(value));
        var sign = value < 0 ? "-" : "";
        return sign + point switch
        {
            > 21 or <= -6 => Exponential(digits, point - 1),
            <= 0 => "0." + new string('0', -point) + digits,
            _ when digits.Length <= point => digits + new string('0', point - digits.Length),
            _ => digits[..point] + "." + digits[point..],
        };
    }

    private static string Exponential(string digits, int exponent)
        => digits[..1] + (digits.Length > 1 ? "." + digits[1..] : "") + "e" + (exponent < 0 ? "-" : "+")
            + Math.Abs(exponent).ToString(CultureInfo.InvariantCulture);

    // value = 0.digits * 10^point, with the fewest digits that read back as the same double: the framework's "R" finds them.
    private static (string Digits, int Point) Decompose(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        var e = text.IndexOf('E', StringComparison.Ordinal);
        var exponent = e < 0 ? 0 : int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = e < 0 ? text : text[..e];
        var dot = mantissa.IndexOf('.', StringComparison.Ordinal);
        var point = (dot < 0 ? mantissa.Length : dot) + exponent;
        var digits = mantissa.Replace(".", "", StringComparison.Ordinal);
        var significant = digits.TrimStart('0');
        return (significant.TrimEnd('0'), point - (digits.Length - significant.Length));
    }
}
