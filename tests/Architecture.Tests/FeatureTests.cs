using System.Text.RegularExpressions;

namespace Tendering.Architecture.Tests;

/// <summary>What a service does can be read in its table of contents.</summary>
public partial class FeatureTests
{
    public static TheoryData<string> Services => [.. Checkout.Services];

    // A feature has a route, hears an event, acts when due, or runs beside. What is none of these is a part that features share.
    private static bool IsFeature(SourceFile file) => Feature().IsMatch(file.Text);

    private static IEnumerable<string> Unlisted(IEnumerable<SourceFile> features, SourceFile contents) =>
        features.Where(IsFeature).Where(f => !Regex.IsMatch(contents.Text, $@"\b{f.Name}\b")).Select(f => $"{f.Path} is not in {contents.Path}");

    private static IEnumerable<string> Unused(IReadOnlyList<SourceFile> service, IEnumerable<SourceFile> features) =>
        features.Where(f => !IsFeature(f) && !service.Any(other => other != f && Regex.IsMatch(other.Text, $@"\b({string.Join('|', NamesOf(f))})\b"))).Select(f => $"{f.Path} is used by nobody");

    private static IEnumerable<string> NamesOf(SourceFile file) => NamesIn().Matches(file.Text).Select(m => m.Groups[1].Success ? m.Groups[1].Value : m.Groups[2].Value).Append(file.Name);

    [Theory]
    [MemberData(nameof(Services))]
    public void Every_feature_is_in_the_table_of_contents(string service)
    {
        var all = Checkout.Below($"services/{service}").ToArray();
        var features = Checkout.Below($"services/{service}/Features").ToArray();
        Assert.NotEmpty(features);
        Assert.Equal("", string.Join('\n', Unlisted(features, all.Single(f => f.Name == service + "Service")).Concat(Unused(all, features))));
    }

    [Fact]
    public void The_guard_sees_what_was_forgotten()
    {
        var contents = new SourceFile("services/X/XService.cs", "GetThing.Map(routes);");
        Assert.Empty(Unlisted([new("services/X/Features/GetThing.cs", "public static void Map(IEndpointRouteBuilder routes)")], contents));
        Assert.Single(Unlisted([new("services/X/Features/SetThing.cs", "public static void Map(IEndpointRouteBuilder routes)")], contents));
        Assert.Single(Unlisted([new("services/X/Features/OnThing.cs", "Task Handle(Received<Thing> message, Db db)")], contents));
        Assert.Single(Unlisted([new("services/X/Features/WhenDue.cs", "Task Handle(Guid id, XDb db, IServiceProvider services, DateTimeOffset now, CancellationToken ct)")], contents));
        Assert.Single(Unused([contents], [new SourceFile("services/X/Features/Bounds.cs", "public static class Bounds")]));
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void A_service_asks_for_the_validation_of_its_requests(string service)
    {
        // The framework's validation is generated for the assembly that asks for it: each service must.
        var contents = Checkout.Files.Single(f => f.Path == $"services/{service}/{service}Service.cs");
        Assert.Contains("AddValidation()", contents.Text, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"static void Map\(IEndpointRouteBuilder|\bReceived<|Guid id, \w+Db db, IServiceProvider \w+, DateTimeOffset now|: BackgroundService\b|: IHostedService\b")]
    private static partial Regex Feature();

    [GeneratedRegex(@"\b(?:class|record struct|record|enum|interface|struct) (\w+)|\bstatic [^=;{]*? (\w+)(?:<\w+>)?\(this ")]
    private static partial Regex NamesIn();
}
