using System.Globalization;

namespace Tendering.Verify.Tests;

/// <summary>Random cases are the same in each run, so that a verdict is the code's; <c>TENDERING_SEED</c> asks for others.</summary>
internal static class Seed
{
    public static int Get()
    {
        var seed = Environment.GetEnvironmentVariable("TENDERING_SEED") is { Length: > 0 } other ? int.Parse(other, CultureInfo.InvariantCulture) : 1;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        return seed;
    }
}
