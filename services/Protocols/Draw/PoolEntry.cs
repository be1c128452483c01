using System.Security.Cryptography;

namespace Tendering.Protocols;

/// <summary>One expert's line in a draw's pool, without its name: the number, from 1 without gaps, and what commits to the expert.</summary>
/// <param name="Commitment">SHA-256 of canonical JSON <c>{"expert":id,"salt":base64url}</c>; 64 lower-case hexadecimal digits.</param>
public sealed record PoolEntry(int Number, string Commitment)
{
    public const int SaltLength = 32;

    /// <summary>The line of an expert; the salt (32 random bytes) keeps others from trying ids, and shows the expert its own line.</summary>
    public static PoolEntry Of(int number, Guid expert, ReadOnlySpan<byte> salt)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(salt.Length, SaltLength);
        return new PoolEntry(number, HexText.Sha256(CanonicalJson.Serialize(new Opening(expert, Base64UrlText.Encode(salt)))));
    }

    public static byte[] NewSalt() => RandomNumberGenerator.GetBytes(SaltLength);

    /// <summary>Is this line about that expert?</summary>
    public bool IsOf(Guid expert, ReadOnlySpan<byte> salt) => salt.Length == SaltLength && this == Of(Number, expert, salt);

    private sealed record Opening(Guid Expert, string Salt);
}
