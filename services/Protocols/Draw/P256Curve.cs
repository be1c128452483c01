using System.Numerics;
using System.Security.Cryptography;

namespace Tendering.Protocols;

/// <summary>A point of P-256 in affine coordinates; never the point at infinity.</summary>
internal readonly record struct CurvePoint(BigInteger X, BigInteger Y);

/// <summary>Arithmetic on P-256 (SEC 2, secp256r1) over public values; multiplications by secrets go through the framework's own key agreement.</summary>
internal static class P256Curve
{
    public static readonly BigInteger P = Hex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
    public static readonly BigInteger Order = Hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    public static readonly CurvePoint Generator = new(
        Hex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"),
        Hex("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"));

    private static readonly BigInteger B = Hex("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b");

    public static BigInteger Number(ReadOnlySpan<byte> bigEndian) => new(bigEndian, isUnsigned: true, isBigEndian: true);

    public static byte[] Bytes(BigInteger value, int length)
    {
        var bytes = value.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[length - bytes.Length], .. bytes];
    }

    public static byte[] Compress(CurvePoint point) => [point.Y.IsEven ? (byte)0x02 : (byte)0x03, .. Bytes(point.X, 32)];

    /// <summary>Reads 33 bytes of a compressed point, or gives null if no point of the curve has that form.</summary>
    public static CurvePoint? Decompress(ReadOnlySpan<byte> compressed)
    {
        if (compressed.Length != 33 || compressed[0] is not (0x02 or 0x03) || Number(compressed[1..]) is var x && x >= P)
        {
            return null;
        }

        var square = Mod((x * x * x) - (3 * x) + B);
        var y = BigInteger.ModPow(square, (P + 1) / 4, P);
        if (Mod(y * y) != square)
        {
            return null;
        }

        return new CurvePoint(x, y.IsEven == (compressed[0] == 0x02) ? y : P - y);
    }

    /// <summary>Do the coordinates (32 bytes each) satisfy the curve's equation, each below the field's prime?</summary>
    public static bool IsOnCurve(ReadOnlySpan<byte> bigEndianX, ReadOnlySpan<byte> bigEndianY)
    {
        var (x, y) = (Number(bigEndianX), Number(bigEndianY));
        return x < P && y < P && Mod((x * x * x) - (3 * x) + B - (y * y)).IsZero;
    }

    public static CurvePoint Negate(CurvePoint point) => point with { Y = P - point.Y };

    /// <summary>The sum, or null for the point at infinity.</summary>
    public static CurvePoint? Add(CurvePoint? a, CurvePoint? b)
    {
        if (a is not { } p || b is not { } q)
        {
            return a ?? b;
        }

        if (p.X == q.X && p.Y != q.Y)
        {
            return null;
        }

        // No point of P-256 has y = 0, the order being an odd prime, so doubling never divides by zero.
        var slope = p == q ? Mod(((3 * p.X * p.X) - 3) * Inverse(2 * p.Y)) : Mod((q.Y - p.Y) * Inverse(q.X - p.X));
        var x = Mod((slope * slope) - p.X - q.X);
        return new CurvePoint(x, Mod((slope * (p.X - x)) - p.Y));
    }

    /// <summary>Double and add, in a time that depends on the number: for public numbers only.</summary>
    public static CurvePoint? Multiply(BigInteger number, CurvePoint point)
    {
        CurvePoint? result = null;
        CurvePoint? power = point;
        for (; number > 0; number >>= 1)
        {
            result = number.IsEven ? result : Add(result, power);
            power = Add(power, power);
        }

        return result;
    }

    /// <summary>
    /// The product with a secret number between 1 and the order, computed by the framework in constant time. Its key agreement gives only x;
    /// of the two points with that x the right one is told by the product with the next number.
    /// </summary>
    public static CurvePoint MultiplySecret(BigInteger number, CurvePoint point)
    {
        var down = number == Order - 1;
        var neighbour = Agree(down ? number - 1 : number + 1, point);
        var x = Agree(number, point);
        var candidate = Decompress([0x02, .. Bytes(x, 32)]) ?? throw new CryptographicException("The agreed x lies on no point.");
        return Add(candidate, down ? Negate(point) : point) is { } next && next.X == neighbour ? candidate : Negate(candidate);
    }

    private static BigInteger Agree(BigInteger number, CurvePoint point)
    {
        using var own = P256Key.FromScalar(Bytes(number, 32));
        return Number(P256Key.Agree(own, [0x04, .. Bytes(point.X, 32), .. Bytes(point.Y, 32)]));
    }

    private static BigInteger Inverse(BigInteger value) => BigInteger.ModPow(Mod(value), P - 2, P);

    private static BigInteger Mod(BigInteger value)
    {
        var rest = value % P;
        return rest.Sign < 0 ? rest + P : rest;
    }

    private static BigInteger Hex(string digits) => Number(Convert.FromHexString(digits));
}
