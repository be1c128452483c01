using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;

namespace Tendering.Protocols;

/// <summary>The draw of RFC 3797, with its MD5, for comparison with that RFC's tools only; <see cref="ExpertDraw"/> is the draw in use.</summary>
public static class Rfc3797
{
    /// <summary>The key of a draw: each source's numbers in ascending order, "." after each, "/" after the source.</summary>
    public static string Key(IEnumerable<IReadOnlyList<long>> sources)
        => string.Concat(sources.Select(source => string.Concat(source.Order().Select(n => n.ToString(CultureInfo.InvariantCulture) + ".")) + "/"));

    /// <summary>The first <paramref name="count"/> places drawn from a pool numbered 1 to <paramref name="poolSize"/>.</summary>
    public static IReadOnlyList<Rfc3797Selection> Select(string key, int poolSize, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, poolSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, ushort.MaxValue);
        var pool = Enumerable.Range(1, poolSize).ToList();
        var selections = new List<Rfc3797Selection>();
        for (var i = 0; i < count; i++)
        {
            var hash = Hash(key, i);
            var at = (int)(new BigInteger(hash, isUnsigned: true, isBigEndian: true) % pool.Count);
            selections.Add(new Rfc3797Selection(i + 1, HexText.Encode(hash), pool.Count, pool[at]));
            pool.RemoveAt(at);
        }

        return selections;
    }

    private static byte[] Hash(string key, int index)
    {
        byte[] number = [(byte)(index >> 8), (byte)index];
#pragma warning disable CA5351 // The RFC prescribes MD5, and passing its example is all this is for.
        return MD5.HashData([.. number, .. System.Text.Encoding.ASCII.GetBytes(key), .. number]);
#pragma warning restore CA5351
    }
}

/// <summary>One line of the RFC's result table.</summary>
/// <param name="Index">From 1.</param>
/// <param name="Hash">MD5 in hexadecimal.</param>
/// <param name="Remaining">What the hash is divided by.</param>
/// <param name="PoolNumber">From 1.</param>
public sealed record Rfc3797Selection(int Index, string Hash, int Remaining, int PoolNumber);
