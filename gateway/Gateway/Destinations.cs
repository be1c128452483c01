namespace Tendering.Gateway;

/// <summary>A service: the name it has in paths, and its address.</summary>
public sealed record Destination(string Name, Uri Address);

/// <summary>Where each service is: <c>Services:NAME</c>, without hyphen, in configuration.</summary>
public sealed record Destinations(IReadOnlyList<Destination> All)
{
    public static readonly string[] Names = ["identity", "tenders", "bidding", "bid-opening", "expert-selection", "evaluation", "escrow", "credit", "supervision"];

    public Uri Identity => All.Single(d => d.Name == "identity").Address;

    public static Destinations From(IConfiguration configuration) => new([.. Names.Select(name => new Destination(name, AddressOf(name, configuration)))]);

    private static Uri AddressOf(string name, IConfiguration configuration)
    {
        var setting = $"Services:{name.Replace("-", "", StringComparison.Ordinal)}";
        return Uri.TryCreate(configuration[setting], UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address
            : throw new InvalidOperationException($"{setting} is not set to an http or https address.");
    }
}
