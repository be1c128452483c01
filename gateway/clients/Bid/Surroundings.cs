namespace Tendering.Bid;

/// <summary>What a process has around it; tests bring their own.</summary>
internal sealed record Surroundings(TextReader In, TextWriter Out, TextWriter Error, Func<string, string?> Variable, bool IsInteractive)
{
    public static Surroundings OfProcess() =>
        new(Console.In, Console.Out, Console.Error, Environment.GetEnvironmentVariable, !Console.IsInputRedirected && !Console.IsErrorRedirected);
}
