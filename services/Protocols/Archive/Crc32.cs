using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tendering.Protocols;

/// <summary>The checksum of a ZIP's files (ISO 3309, reflected 0xedb88320): against accidents, not against forgers.</summary>
internal struct Crc32()
{
    private const int Lane = 16, Lanes = 4;

    // x^n mod P, reflected, for what lies 64 and 16 bytes further on: Gopal and others, "Fast CRC computation for generic polynomials using PCLMULQDQ", Intel 2009.
    private static readonly Vector128<ulong> By64 = Vector128.Create(0x0154442bd4UL, 0x01c6e41596UL), By16 = Vector128.Create(0x01751997d0UL, 0x00ccaa009eUL);

    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(n =>
    {
        var c = (uint)n;
        for (var bit = 0; bit < 8; bit++)
        {
            c = (c & 1) == 1 ? 0xedb88320 ^ (c >> 1) : c >> 1;
        }

        return c;
    })];

    private uint state = uint.MaxValue;

    public readonly uint Value => ~state;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (Pclmulqdq.IsSupported && bytes.Length >= Lane * Lanes)
        {
            var folded = bytes.Length - (bytes.Length % Lane);
            state = Fold(state, bytes[..folded]);
            bytes = bytes[folded..];
        }

        state = OneByOne(state, bytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static uint OneByOne(uint state, ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
        {
            state = Table[(byte)(state ^ b)] ^ (state >> 8);
        }

        return state;
    }

    // Four lanes are carried over 64 bytes at a time, then into one; of what is left the table knows the rest. Compiled at once as it is to stay: a call goes over a hundred kilobytes.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static uint Fold(uint state, ReadOnlySpan<byte> bytes)
    {
        var lanes = MemoryMarshal.Cast<byte, Vector128<ulong>>(bytes);
        Vector128<ulong> a = lanes[0] ^ Vector128.CreateScalar((ulong)state), b = lanes[1], c = lanes[2], d = lanes[3];
        var at = Lanes;
        for (; at + Lanes <= lanes.Length; at += Lanes)
        {
            a = Carry(a, By64) ^ lanes[at];
            b = Carry(b, By64) ^ lanes[at + 1];
            c = Carry(c, By64) ^ lanes[at + 2];
            d = Carry(d, By64) ^ lanes[at + 3];
        }

        var rest = Carry(Carry(Carry(a, By16) ^ b, By16) ^ c, By16) ^ d;
        for (; at < lanes.Length; at++)
        {
            rest = Carry(rest, By16) ^ lanes[at];
        }

        return OneByOne(0, MemoryMarshal.AsBytes(new ReadOnlySpan<Vector128<ulong>>(in rest)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Carry(Vector128<ulong> lane, Vector128<ulong> by) => Pclmulqdq.CarrylessMultiply(lane, by, 0x00) ^ Pclmulqdq.CarrylessMultiply(lane, by, 0x11);
}
