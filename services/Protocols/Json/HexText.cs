using System.Buffers;
using System.Security.Cryptography;

namespace Tendering.Protocols;

/// <summary>Lower-case hexadecimal, the one form in which hashes are written.</summary>
public static class HexText
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    public static string Encode(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);

    /// <summary>SHA-256 of the bytes as 64 lower-case hexadecimal digits.</summary>
    public static string Sha256(ReadOnlySpan<byte> bytes) => Encode(SHA256.HashData(bytes));

    /// <summary>Decodes exactly <paramref name="length"/> bytes, or gives null for other lengths, upper case and other characters.</summary>
    public static byte[]? TryDecode(string? text, int length)
        => text is not null && text.Length == 2 * length && !text.AsSpan().ContainsAnyExcept(Digits)
            ? Convert.FromHexString(text)
            : null;

    public static bool IsSha256(string? text) => text is { Length: 64 } && !text.AsSpan().ContainsAnyExcept(Digits);
}
