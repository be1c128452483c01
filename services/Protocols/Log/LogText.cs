using System.Globalization;
using System.Text;

namespace Tendering.Protocols;

/// <summary>What the C2SP formats have in common: one text for each number and each byte string, lines that end in a newline.</summary>
internal static class LogText
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static string Decode(ReadOnlySpan<byte> bytes, string code)
    {
        try
        {
            return Utf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw new LogFormatException(code, "The text is not UTF-8.");
        }
    }

    // A lone surrogate cannot come from bytes; in a text it becomes U+FFFD, under which no signature holds.
    public static byte[] Encode(string text) => Encoding.UTF8.GetBytes(text);

    public static string Decimal(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A number without sign, leading zero or white space; null for any other text and beyond 2^63-1.</summary>
    public static long? Number(string text)
        => text.Length is > 0 and <= 19 && text.All(char.IsAsciiDigit) && (text.Length == 1 || text[0] != '0')
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number
                : null;

    /// <summary>Standard base64 as its encoder writes it, or null: forgiving padding would give one proof two texts.</summary>
    public static byte[]? Base64(string text)
    {
        var bytes = new byte[(text.Length / 4 * 3) + 3];
        return Convert.TryFromBase64String(text, bytes, out var length) && Convert.ToBase64String(bytes, 0, length) == text ? bytes[..length] : null;
    }

    public static byte[]? Hash(string text) => Base64(text) is { Length: MerkleTree.HashLength } hash ? hash : null;
}
