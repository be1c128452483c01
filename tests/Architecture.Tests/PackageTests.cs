using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Tendering.Architecture.Tests;

/// <summary>What is taken from others: pinned, and free to use.</summary>
public partial class PackageTests
{
    private static readonly string[] Free = ["Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "PostgreSQL", "MPL-2.0", "MS-PL", "ISC", "0BSD", "BlueOak-1.0.0"];

    // Old npm packages whose lock entry is silent: MIT by their own package.json or Readme, read at this version.
    private static readonly HashSet<string> SilentlyMit = ["busboy@0.3.1", "dicer@0.3.0", "streamsearch@0.1.2", "humanize-number@0.0.2", "only@0.0.2", "combine-errors@3.0.3"];

    // Packages from before licence expressions say theirs by address.
    private static readonly Dictionary<string, string> Addresses = new()
    {
        ["http://opensource.org/licenses/mit-license.php"] = "MIT", ["https://opensource.org/licenses/MIT"] = "MIT", ["https://opensource.org/licenses/mit"] = "MIT",
        ["http://www.apache.org/licenses/LICENSE-2.0"] = "Apache-2.0", ["https://www.apache.org/licenses/LICENSE-2.0"] = "Apache-2.0",
        ["https://github.com/dotnet/corefx/blob/master/LICENSE.TXT"] = "MIT", ["https://github.com/dotnet/standard/blob/master/LICENSE.TXT"] = "MIT",
    };

    /// <summary>The licence as an expression, or null where the package does not say one that is known here.</summary>
    private static string? LicenceOf(XDocument package)
    {
        XElement? Named(string name) => package.Descendants().FirstOrDefault(e => e.Name.LocalName == name);
        if (Named("license") is { } licence && (string?)licence.Attribute("type") == "expression") return licence.Value;
        return Named("licenseUrl") is { } url ? Addresses.GetValueOrDefault(url.Value) : null;
    }

    // 'A OR B' leaves the choice to us: one free one is enough. 'A AND B' asks for all.
    private static bool IsFree(string? expression) => expression is not null && expression.Trim('(', ')').Split(" OR ").Any(choice => choice.Split(" AND ").All(part => Free.Contains(part.Trim('(', ')', ' '))));

    [Fact]
    public void Every_restored_package_is_free_to_use()
    {
        var restored = Restored();
        Assert.NotEmpty(restored);
        var found = from package in restored let licence = LicenceOf(XDocument.Load(package.Nuspec)) where !IsFree(licence) select $"{package.Name}: {licence ?? "says no licence that is known"}";
        Assert.Equal("", string.Join('\n', found.Distinct()));
    }

    [Theory]
    [InlineData("MIT", true)]
    [InlineData("MS-PL OR Apache-2.0", true)]
    [InlineData("Apache-2.0 OR MPL-2.0", true)]
    [InlineData("GPL-3.0-only OR MIT", true)]
    [InlineData("AGPL-3.0-or-later", false)]
    [InlineData("MIT AND AGPL-3.0-only", false)]
    [InlineData("LicenseRef-Commercial", false)]
    [InlineData(null, false)]
    public void A_licence_is_judged_by_its_expression(string? expression, bool free) => Assert.Equal(free, IsFree(expression));

    [Fact]
    public void A_package_that_says_nothing_or_points_to_a_file_is_noticed()
    {
        Assert.Null(LicenceOf(XDocument.Parse("<package><metadata><id>a</id></metadata></package>")));
        Assert.Null(LicenceOf(XDocument.Parse("<package><metadata><license type=\"file\">LICENSE.txt</license></metadata></package>")));
        Assert.Null(LicenceOf(XDocument.Parse("<package><metadata><licenseUrl>https://vendor.example/eula</licenseUrl></metadata></package>")));
        Assert.Equal("MIT", LicenceOf(XDocument.Parse("<package xmlns=\"urn:x\"><metadata><license type=\"expression\">MIT</license></metadata></package>")));
    }

    [Fact]
    public void Versions_are_exact_and_stand_in_one_place()
    {
        var versions = Checkout.Files.Single(f => f.Path == "Directory.Packages.props").Text;
        Assert.Empty(Loose(versions));
        Assert.Contains("<CentralPackageTransitivePinningEnabled>true", versions, StringComparison.Ordinal);
        foreach (var project in Checkout.Files.Where(f => f.Path.EndsWith(".csproj", StringComparison.Ordinal)))
            Assert.DoesNotContain(XDocument.Parse(project.Text).Descendants("PackageReference"), r => r.Attribute("Version") is not null || r.Attribute("VersionOverride") is not null);
        Assert.Single(Loose("""<PackageVersion Include="a" Version="[1.0.0]" /><PackageVersion Include="b" Version="1.0.0" />"""));
        Assert.Single(Loose("""<PackageVersion Include="b" Version="[1.0.0,2.0.0)" />"""));
    }

    [Fact]
    public void Every_pinned_package_is_used()
    {
        var used = Checkout.Files.Where(f => f.Path.EndsWith(".csproj", StringComparison.Ordinal) || f.Path == "Directory.Build.props")
            .SelectMany(f => XDocument.Parse(f.Text).Descendants("PackageReference").Select(r => (string)r.Attribute("Include")!)).ToHashSet();
        var pinned = XDocument.Parse(Checkout.Files.Single(f => f.Path == "Directory.Packages.props").Text).Descendants("PackageVersion").Select(v => (string)v.Attribute("Include")!);
        Assert.Empty(pinned.Except(used));
    }

    public static TheoryData<string> Locks => [.. Checkout.Files.Where(f => f.Path.EndsWith("package-lock.json", StringComparison.Ordinal)).Select(f => f.Path)];

    [Theory]
    [MemberData(nameof(Locks))]
    public void What_npm_installs_is_locked_exactly_whole_and_free_to_use(string path)
    {
        using var locked = JsonDocument.Parse(Checkout.Files.Single(f => f.Path == path).Text);
        using var package = JsonDocument.Parse(Checkout.Files.Single(f => f.Path == path.Replace("package-lock.json", "package.json", StringComparison.Ordinal)).Text);
        Assert.Equal("", string.Join('\n', UnfitIn(locked.RootElement).Concat(LooseIn(package.RootElement))));
    }

    [Fact]
    public void A_loose_version_a_missing_hash_or_another_licence_is_noticed()
    {
        Assert.Single(LooseIn(JsonDocument.Parse("""{"dependencies":{"a":"^1.0.0","b":"1.0.0"}}""").RootElement));
        Assert.Single(UnfitIn(JsonDocument.Parse("""{"packages":{"":{},"node_modules/a":{"version":"1.0.0","license":"MIT"}}}""").RootElement));
        Assert.Single(UnfitIn(JsonDocument.Parse("""{"packages":{"node_modules/a":{"version":"1.0.0","integrity":"sha512-x","license":"AGPL-3.0-only"}}}""").RootElement));
    }

    private static IEnumerable<string> LooseIn(JsonElement package) =>
        from kind in new[] { "dependencies", "devDependencies" }
        where package.TryGetProperty(kind, out _)
        from dependency in package.GetProperty(kind).EnumerateObject()
        where !NpmExact().IsMatch(dependency.Value.GetString()!)
        select $"{dependency.Name} {dependency.Value}";

    private static IEnumerable<string> UnfitIn(JsonElement locked) =>
        from package in locked.GetProperty("packages").EnumerateObject()
        where package.Name.Length > 0
        let licence = package.Value.TryGetProperty("license", out var l) ? l.GetString() : SilentlyMit.Contains($"{package.Name.Split("node_modules/")[^1]}@{package.Value.GetProperty("version").GetString()}") ? "MIT" : null
        where !IsFree(licence) || !package.Value.TryGetProperty("integrity", out _)
        select $"{package.Name}: {licence}";

    private static IEnumerable<string> Loose(string versions) => PackageVersion().Matches(versions).Where(m => !Exact().IsMatch(m.Groups[1].Value)).Select(m => m.Value);

    private static IReadOnlyList<(string Name, string Nuspec)> Restored()
    {
        var assets = Directory.EnumerateFiles(Checkout.Root, "project.assets.json", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Where(f => !f.Contains("node_modules", StringComparison.Ordinal));
        var packages = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in assets)
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(file));
            var folders = json.RootElement.GetProperty("packageFolders").EnumerateObject().Select(f => f.Name).ToArray();
            foreach (var library in json.RootElement.GetProperty("libraries").EnumerateObject().Where(l => l.Value.GetProperty("type").GetString() == "package"))
            {
                var path = library.Value.GetProperty("path").GetString()!;
                var nuspec = library.Value.GetProperty("files").EnumerateArray().Select(f => f.GetString()!).Single(f => f.EndsWith(".nuspec", StringComparison.Ordinal));
                packages[library.Name] = folders.Select(f => Path.Combine(f, path, nuspec)).First(File.Exists);
            }
        }
        return [.. packages.Select(p => (p.Key, p.Value))];
    }

    [GeneratedRegex(@"^\d+\.\d+\.\d+$")]
    private static partial Regex NpmExact();

    [GeneratedRegex("<PackageVersion Include=\"[^\"]+\" Version=\"([^\"]+)\"")]
    private static partial Regex PackageVersion();

    [GeneratedRegex(@"^\[\d+\.\d+\.\d+(\.\d+)?(-[\w.]+)?\]$")]
    private static partial Regex Exact();
}
