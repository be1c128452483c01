using System.Xml.Linq;

namespace Tendering.Architecture.Tests;

/// <summary>Who may lean on whom.</summary>
public class LayerTests
{
    public static TheoryData<string> Services => [.. Checkout.Services];

    private static IEnumerable<string> References(string projectFile, string kind) =>
        XDocument.Parse(Checkout.Files.Single(f => f.Path == projectFile).Text).Descendants(kind).Select(r => (string)r.Attribute("Include")!);

    private static string[] OursIn(string project) =>
        [.. Checkout.AssemblyOf(project).GetReferencedAssemblies().Select(a => a.Name!).Where(n => n.StartsWith("Tendering.", StringComparison.Ordinal)).Select(n => n["Tendering.".Length..])];

    [Fact]
    public void All_services_are_seen() =>
        Assert.Equal(["BidOpening", "Bidding", "Credit", "Escrow", "Evaluation", "ExpertSelection", "Identity", "Supervision", "Tenders"], Checkout.Services);

    [Fact]
    public void Contracts_lean_on_the_framework_alone()
    {
        Assert.Empty(References("services/Contracts/Contracts.csproj", "ProjectReference"));
        Assert.Empty(References("services/Contracts/Contracts.csproj", "PackageReference"));
        Assert.All(Checkout.AssemblyOf("Contracts").GetReferencedAssemblies(), a => Assert.StartsWith("System.", a.Name, StringComparison.Ordinal));
    }

    [Fact]
    public void Protocols_can_be_taken_elsewhere_as_they_are()
    {
        Assert.Empty(References("services/Protocols/Protocols.csproj", "ProjectReference"));
        Assert.All(Checkout.AssemblyOf("Protocols").GetReferencedAssemblies(), a => Assert.StartsWith("System.", a.Name, StringComparison.Ordinal));
    }

    [Fact]
    public void The_plumbing_knows_the_contracts_and_nothing_else_of_ours() => Assert.Equal(["Contracts"], OursIn("ServiceDefaults"));

    [Theory]
    [MemberData(nameof(Services))]
    public void No_service_leans_on_another(string service)
    {
        string[] allowed = ["Contracts", "ServiceDefaults", "Protocols"];
        Assert.Empty(OursIn(service).Except(allowed));
        Assert.Empty(References($"services/{service}/{service}.csproj", "ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r)).Except(allowed));
    }

    [Fact]
    public void Programs_of_strangers_lean_on_no_service()
    {
        foreach (var project in Checkout.Below("gateway", ".csproj").Concat(Checkout.Below("deploy/Replay", ".csproj")).Concat(Checkout.Below("deploy/BankSimulator", ".csproj")))
            Assert.Empty(References(project.Path, "ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r)).Intersect(Checkout.Services));
    }

    [Fact]
    public void What_strangers_run_on_their_own_machines_leans_on_the_protocols_alone()
    {
        var clients = Checkout.Below("gateway/clients", ".csproj").ToArray();
        foreach (var project in clients) Assert.Empty(References(project.Path, "ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r)).Except(clients.Select(c => c.Name).Append("Protocols")));
        // Who checks the platform shares nothing with those who talk to it.
        foreach (var name in new[] { "Verify", "Witness" }) Assert.Equal(["Protocols"], References(clients.Single(c => c.Name == name).Path, "ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r)!));
    }

    [Fact]
    public void Only_the_gateway_and_the_outside_call_services_over_HTTP()
    {
        // The identity service's keys are found by discovery, which the framework does. Witnesses and the time-stamping authority are strangers, and no request waits for them.
        string[] callsStrangers = ["Tendering.Supervision.Features.CollectCosignatures", "Tendering.Supervision.Features.FetchTimestamp"];
        foreach (var service in Checkout.Services)
            Assert.All(Checkout.AssemblyOf(service).GetTypes().Where(t => !callsStrangers.Any(c => t.FullName!.StartsWith(c, StringComparison.Ordinal))), t => Assert.DoesNotContain(UsedTypes.Of(t), used => used is "System.Net.Http.HttpClient" or "System.Net.Http.IHttpClientFactory"));
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void A_namespace_is_where_its_file_lies(string service)
    {
        foreach (var file in Checkout.Below($"services/{service}").Where(f => f.Name != "Program"))
        {
            var expected = "namespace Tendering." + string.Join('.', file.Path.Split('/')[1..^1]) + ";";
            Assert.True(file.Text.Contains(expected, StringComparison.Ordinal), $"{file.Path} should say '{expected}'.");
        }
    }
}
