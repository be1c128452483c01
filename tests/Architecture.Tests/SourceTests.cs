using System.Text.RegularExpressions;

namespace Tendering.Architecture.Tests;

/// <summary>What the sources must not say. Each guard is a pattern, what it is looked for in, where it is allowed and why, and text that it must see.</summary>
public partial class SourceTests
{
    public sealed record Guard(string Name, Regex Forbidden, Func<SourceFile, bool> In, (string Path, string Why)[] Allowed, string[] Sees, string[] Ignores)
    {
        public override string ToString() => Name;

        public IEnumerable<string> Find(SourceFile file) => Allowed.Any(a => file.Path.StartsWith(a.Path, StringComparison.Ordinal)) ? [] : Hits(file);

        public IEnumerable<string> Hits(SourceFile file) => file.Lines.Where(l => Forbidden.IsMatch(l.Text)).Select(l => $"{file.Path}:{l.Number}: {l.Text.Trim()}");
    }

    private static bool IsProduct(SourceFile f) => f.Path.EndsWith(".cs", StringComparison.Ordinal) && !f.Path.StartsWith("tests/", StringComparison.Ordinal);

    private static readonly Guard[] All =
    [
        new("Time comes from TimeProvider", ClockWords(), IsProduct,
        [
            ("services/Protocols/Sealing/BidSignature.cs", "the bidder's own machine signs"),
            ("gateway/clients/", "programs on strangers' machines"),
            ("deploy/BankSimulator/", "a bank keeps to the real time"),
        ], ["var now = DateTime.UtcNow;", "at ?? DateTimeOffset.Now", "DateTime.Today"], ["DateTime.UnixEpoch", "clock.GetUtcNow()"]),

        new("The plumbing knows no word of the business", BusinessWords(), f => f.Path.StartsWith("services/ServiceDefaults/", StringComparison.Ordinal) && (f.Path.EndsWith(".cs", StringComparison.Ordinal) || f.Path.EndsWith(".sql", StringComparison.Ordinal)),
            [], ["void OnBidSubmitted()", "bid_id uuid", "// the bidder's", "BidderRegistered", "long DepositMax", "string Escrow"], ["Slot", "forbidden", "AllottedTime", "tender_id", "TenderId", "inhabited"]),

        new("Money and scores are never binary fractions", BinaryFractions(), f => IsProduct(f) && f.Path.StartsWith("services/", StringComparison.Ordinal),
        [
            ("services/Protocols/Json/", "RFC 8785 writes ECMAScript's numbers"),
            ("services/ServiceDefaults/Clock.cs", "the rate of a simulated clock"), ("services/Identity/Features/MoveClock.cs", "the same"), ("services/Identity/Features/GetClock.cs", "the same"),
        ], ["double price", "float? ratio", "(double)amount", "List<double> scores"], ["doubled", "// written twice"]),

        new("Nor in the database", SqlFractions(), f => f.Path.EndsWith(".sql", StringComparison.Ordinal), [], ["price double precision", "score real not null", "x float8"], ["really text", "numeric(20, 4)"]),

        new("Nothing names a machine", MachinePaths(), f => !f.Path.StartsWith("tests/Architecture.Tests/", StringComparison.Ordinal), [],
            ["/home/li/src", "/root/.nuget", "C:\\Users\\li", "/Users/li/x"], ["/homepage", "https://example.org/users/li", "services/root"]),

        new("Nothing names a registry but the public ones", Registries(), f => !f.Path.StartsWith("tests/Architecture.Tests/", StringComparison.Ordinal), [],
            ["\"resolved\": \"https://npm.mirror.example/antd\"", "registry=http://10.0.0.1:4873/", "<add key=\"mirror\" value=\"https://nuget.mirror.example/v3/index.json\" />"],
            ["\"resolved\": \"https://registry.npmjs.org/antd\"", "registry=https://registry.npmjs.org/", "<add key=\"nuget.org\" value=\"https://api.nuget.org/v3/index.json\" />"]),

        new("No note of work left behind", LeftBehind(), f => f.Path.EndsWith(".cs", StringComparison.Ordinal) && !f.Path.StartsWith("tests/Architecture.Tests/", StringComparison.Ordinal), [],
            ["// TODO: later", "// FIXME", "throw new NotImplementedException();", "// HACK"], ["ToDouble", "mastodon"]),
    ];

    public static TheoryData<string> Guards => [.. All.Select(g => g.Name)];

    private static Guard Of(string name) => All.Single(g => g.Name == name);

    [Theory]
    [MemberData(nameof(Guards))]
    public void A_guard_finds_nothing_in_the_checkout(string name)
    {
        var files = Checkout.Files.Where(Of(name).In).ToArray();
        Assert.NotEmpty(files);
        Assert.Equal("", string.Join('\n', files.SelectMany(Of(name).Find)));
    }

    [Theory]
    [MemberData(nameof(Guards))]
    public void A_guard_sees_what_it_is_for_and_nothing_else(string name)
    {
        var guard = Of(name);
        Assert.All(guard.Sees, text => Assert.NotEmpty(guard.Find(new SourceFile("services/ServiceDefaults/Any.cs", text))));
        Assert.All(guard.Ignores, text => Assert.Empty(guard.Find(new SourceFile("services/ServiceDefaults/Any.cs", text))));
    }

    [Fact]
    public void What_is_allowed_to_a_file_is_still_needed_there() => Assert.All(All, guard => Assert.All(guard.Allowed.Where(a => !a.Path.StartsWith("gateway/clients", StringComparison.Ordinal)), allowed =>
        Assert.Contains(Checkout.Files.Where(f => guard.In(f) && f.Path.StartsWith(allowed.Path, StringComparison.Ordinal)), f => guard.Hits(f).Any())));

    [Fact]
    public void A_file_can_be_read_in_one_go()
    {
        const int LinesMax = 400;
        var files = Checkout.Below("services").Concat(Checkout.Below("gateway")).ToArray();
        Assert.Empty(files.Where(f => f.Lines.Count() > LinesMax).Select(f => f.Path));
        Assert.Single(new[] { new SourceFile("services/Long.cs", new string('\n', LinesMax + 1)) }, f => f.Lines.Count() > LinesMax);
    }

    [Fact]
    public void The_bus_is_reached_by_the_outbox_alone()
    {
        var senders = Checkout.Below("services").Where(f => f.Text.Contains("BasicPublishAsync", StringComparison.Ordinal)).Select(f => f.Path);
        Assert.Equal(["services/ServiceDefaults/Bus.cs", "services/ServiceDefaults/Relay.cs"], senders.Order(StringComparer.Ordinal));
    }

    // A test waits by looking again and again; what stands in no loop waits a fixed time and hopes.
    [Fact]
    public void Tests_do_not_sleep()
    {
        (string Path, string Why)[] allowed = [("tests/Gateway.Tests/Upstream.cs", "an upstream that is slow on purpose")];
        Assert.Empty(Checkout.Below("tests").Where(f => f.Path.Contains(".Tests/", StringComparison.Ordinal) && !f.Path.StartsWith("tests/Architecture.Tests/", StringComparison.Ordinal) && !allowed.Any(a => a.Path == f.Path)).SelectMany(Sleeps));
        Assert.NotEmpty(Sleeps(new SourceFile("tests/Any.Tests/Any.cs", "{\n    Send();\n    await Task.Delay(500);\n    Assert.True(true);\n}")));
        Assert.Empty(Sleeps(new SourceFile("tests/Any.Tests/Any.cs", "{\n    while (!Done())\n    {\n        await Task.Delay(20);\n    }\n}")));
    }

    private static IEnumerable<string> Sleeps(SourceFile file)
    {
        var lines = file.Text.Split('\n');
        for (var n = 0; n < lines.Length; n++)
            if (Sleep().IsMatch(lines[n]) && !lines[Math.Max(0, n - 8)..(n + 1)].Any(l => Loop().IsMatch(l))) yield return $"{file.Path}:{n + 1}: {lines[n].Trim()}";
    }

    [GeneratedRegex(@"\bDateTime(Offset)?\.(UtcNow|Now|Today)\b")]
    private static partial Regex ClockWords();

    // A word stands alone, or is a hump or a part between underscores.
    private const string Words = "bid|bids|bidder|bidders|bidding|lot|lots|deposit|deposits|expert|experts|escrow|evaluation|custodian|custodians|tenderer|agency|committee|award|candidate|supervisor|supervision|complaint|debarment|collusion|auction";
    private const string Humps = "Bid|Bids|Bidder|Bidders|Bidding|Lot|Lots|Deposit|Deposits|Expert|Experts|Escrow|Evaluation|Custodian|Custodians|Tenderer|Agency|Committee|Award|Candidate|Supervisor|Supervision|Complaint|Debarment|Collusion|Auction";

    [GeneratedRegex($"(?<![A-Za-z])({Words})(?![a-z])|({Humps})(?![a-z])")]
    private static partial Regex BusinessWords();

    [GeneratedRegex(@"^(?!\s*//).*\b(double|float|Double|Single)\b[?>)\[\] ]")]
    private static partial Regex BinaryFractions();

    [GeneratedRegex(@"\b(double precision|real|float[48]?)\b", RegexOptions.IgnoreCase)]
    private static partial Regex SqlFractions();

    [GeneratedRegex(@"(?<![\w.:/$}])(/home/\w|/root/|/Users/\w|/work/\w)|[A-Z]:\\Users\\")]
    private static partial Regex MachinePaths();

    [GeneratedRegex(@"(""resolved"":\s*""|^\s*registry\s*=\s*|<add key=""[^""]*"" value="")https?://(?!registry\.npmjs\.org/|api\.nuget\.org/)")]
    private static partial Regex Registries();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b|NotImplementedException")]
    private static partial Regex LeftBehind();

    [GeneratedRegex(@"\b(Task\.Delay|Thread\.Sleep)\(")]
    private static partial Regex Sleep();

    [GeneratedRegex(@"\b(while|for|foreach)\s*\(")]
    private static partial Regex Loop();
}
