using System.Numerics;
using System.Security.Cryptography;

namespace Tendering.Protocols;

/// <summary>The verifiable random function ECVRF-P256-SHA256-TAI (RFC 9381, suite 0x01): one output for each key and alpha, with a proof.</summary>
public static class Ecvrf
{
    public const int ProofLength = 81;
    public const int PublicKeyLength = 33;
    public const int OutputLength = 32;
    private const byte Suite = 0x01;
    private const int ChallengeLength = 16;

    /// <summary>A fresh private scalar, 32 bytes big-endian.</summary>
    public static byte[] GeneratePrivateKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportParameters(includePrivateParameters: true).D!;
    }

    /// <summary>The compressed public key (33 bytes) of a private scalar.</summary>
    public static byte[] PublicKey(ReadOnlySpan<byte> privateScalar)
    {
        using var key = P256Key.FromScalar(privateScalar);
        var point = P256Key.PublicPoint(key);
        return [(byte)(0x02 | (point[^1] & 1)), .. point[1..33]];
    }

    /// <summary>The proof (81 bytes: point, challenge, response) for alpha.</summary>
    public static byte[] Prove(ReadOnlySpan<byte> privateScalar, ReadOnlySpan<byte> alpha)
    {
        var x = P256Curve.Number(privateScalar);
        var publicKey = PublicKey(privateScalar);
        var h = EncodeToCurve(publicKey, alpha);
        var gamma = P256Curve.MultiplySecret(x, h);
        var k = Nonce(privateScalar, P256Curve.Compress(h));
        var u = P256Curve.MultiplySecret(k, P256Curve.Generator);
        var v = P256Curve.MultiplySecret(k, h);
        var challenge = Challenge(publicKey, h, gamma, u, v);
        var response = (k + (P256Curve.Number(challenge) * x)) % P256Curve.Order;
        return [.. P256Curve.Compress(gamma), .. challenge, .. P256Curve.Bytes(response, 32)];
    }

    /// <summary>The output (beta, 32 bytes) if the proof is right for this key and alpha, else null.</summary>
    public static byte[]? Verify(ReadOnlySpan<byte> publicKeyCompressed, ReadOnlySpan<byte> alpha, ReadOnlySpan<byte> proof)
    {
        if (P256Curve.Decompress(publicKeyCompressed) is not { } y || Decode(proof) is not var (gamma, challenge, response))
        {
            return null;
        }

        var h = EncodeToCurve(publicKeyCompressed, alpha);
        var c = P256Curve.Number(challenge);
        var u = P256Curve.Add(P256Curve.Multiply(response, P256Curve.Generator), Minus(P256Curve.Multiply(c, y)));
        var v = P256Curve.Add(P256Curve.Multiply(response, h), Minus(P256Curve.Multiply(c, gamma)));
        return u is { } foundU && v is { } foundV && challenge.AsSpan().SequenceEqual(Challenge(publicKeyCompressed, h, gamma, foundU, foundV))
            ? Output(gamma)
            : null;
    }

    /// <summary>The output of a proof that the caller made or has verified; null if it is not even well formed.</summary>
    public static byte[]? ProofToHash(ReadOnlySpan<byte> proof) => Decode(proof) is var (gamma, _, _) ? Output(gamma) : null;

    // The cofactor of P-256 is 1: gamma itself is hashed.
    private static byte[] Output(CurvePoint gamma) => SHA256.HashData([Suite, 0x03, .. P256Curve.Compress(gamma), 0x00]);

    /// <summary>Try-and-increment (RFC 9381 section 5.4.1.1); alpha is public, so that its varying time tells nothing.</summary>
    internal static CurvePoint EncodeToCurve(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> alpha)
    {
        for (var counter = 0; counter <= byte.MaxValue; counter++)
        {
            var hash = SHA256.HashData([Suite, 0x01, .. publicKey, .. alpha, (byte)counter, 0x00]);
            if (P256Curve.Decompress([0x02, .. hash]) is { } point)
            {
                return point;
            }
        }

        throw new CryptographicException("No counter gives a point; the chance of it is 2^-256.");
    }

    /// <summary>The deterministic nonce of RFC 6979 section 3.2 for SHA-256 of the point's text.</summary>
    internal static BigInteger Nonce(ReadOnlySpan<byte> privateScalar, ReadOnlySpan<byte> message)
    {
        var hash = P256Curve.Bytes(P256Curve.Number(SHA256.HashData(message)) % P256Curve.Order, 32);
        var value = new byte[32];
        Array.Fill(value, (byte)0x01);
        byte[] first = [.. value, 0x00, .. privateScalar, .. hash];
        var key = HMACSHA256.HashData(new byte[32], first);
        value = HMACSHA256.HashData(key, value);
        byte[] second = [.. value, 0x01, .. privateScalar, .. hash];
        key = HMACSHA256.HashData(key, second);
        value = HMACSHA256.HashData(key, value);
        while (true)
        {
            value = HMACSHA256.HashData(key, value);
            var nonce = P256Curve.Number(value);
            if (nonce > 0 && nonce < P256Curve.Order)
            {
                return nonce;
            }

            byte[] again = [.. value, 0x00];
            key = HMACSHA256.HashData(key, again);
            value = HMACSHA256.HashData(key, value);
        }
    }

    private static byte[] Challenge(ReadOnlySpan<byte> publicKey, CurvePoint h, CurvePoint gamma, CurvePoint u, CurvePoint v)
        => SHA256.HashData(
            [Suite, 0x02, .. publicKey, .. P256Curve.Compress(h), .. P256Curve.Compress(gamma), .. P256Curve.Compress(u), .. P256Curve.Compress(v), 0x00])[..ChallengeLength];

    private static (CurvePoint Gamma, byte[] Challenge, BigInteger Response)? Decode(ReadOnlySpan<byte> proof)
    {
        if (proof.Length != ProofLength || P256Curve.Decompress(proof[..PublicKeyLength]) is not { } gamma)
        {
            return null;
        }

        var response = P256Curve.Number(proof[(PublicKeyLength + ChallengeLength)..]);
        return response < P256Curve.Order ? (gamma, proof.Slice(PublicKeyLength, ChallengeLength).ToArray(), response) : null;
    }

    private static CurvePoint? Minus(CurvePoint? point) => point is { } p ? P256Curve.Negate(p) : null;
}
