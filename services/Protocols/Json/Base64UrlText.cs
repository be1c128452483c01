using System.Buffers.Text;

namespace Tendering.Protocols;

/// <summary>Base64url without padding (RFC 4648 section 5), one text for each value: what another encoder would not write is refused with a <see cref="FormatException"/>.</summary>
public static class Base64UrlText
{
    public static string Encode(ReadOnlySpan<byte> bytes) => Base64Url.EncodeToString(bytes);

    public static byte[] Decode(ReadOnlySpan<char> text)
    {
        var bytes = Base64Url.DecodeFromChars(text);

        // The decoder forgives padding, white space and stray low bits; two texts for one value would let a signed text be changed unnoticed.
        return IsEncoded(text, bytes) ? bytes : throw new FormatException("Not canonical base64url.");
    }

    private static bool IsEncoded(ReadOnlySpan<char> text, ReadOnlySpan<byte> bytes)
    {
        const int stackMax = 512;
        var length = Base64Url.GetEncodedLength(bytes.Length);
        if (length != text.Length)
        {
            return false;
        }

        Span<char> encoded = length <= stackMax ? stackalloc char[stackMax] : new char[length];
        Base64Url.EncodeToChars(bytes, encoded);
        return text.SequenceEqual(encoded[..length]);
    }

    /// <summary>Decodes, or gives null for text that is not canonical base64url.</summary>
    public static byte[]? TryDecode(ReadOnlySpan<char> text)
    {
        try
        {
            return Decode(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
