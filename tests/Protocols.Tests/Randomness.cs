using FsCheck;
using FsCheck.Fluent;

namespace Tendering.Protocols.Tests;

/// <summary>Random tests that can be repeated: each prints the seed it ran with.</summary>
internal static class Randomness
{
    public static Random Seeded()
    {
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        return new Random(seed);
    }

    public static byte[] Bytes(this Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>Checks a property of any seed's random numbers; FsCheck's own message on failure names the value and the replay seed.</summary>
    public static void ForAnySeed(int cases, Func<Random, bool> property)
        => Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(cases),
            Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed => property(new Random(seed))));
}
