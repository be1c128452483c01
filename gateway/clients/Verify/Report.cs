using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;

namespace Tendering.Verify;

/// <summary>What came of one check.</summary>
public enum Mark
{
    /// <summary>Checked, and it holds.</summary>
    Good,

    /// <summary>Checked, and it does not hold.</summary>
    Bad,

    /// <summary>It could not be checked, and why.</summary>
    Unchecked,

    /// <summary>Nothing to check: what a reader should know.</summary>
    Note,
}

public sealed record Finding(Mark Mark, string Code, string Text);

/// <summary>Everything that was checked, what could not be, and the verdict: bad if anything is bad, incomplete if anything was unchecked, else good.</summary>
public sealed class Report(string subject)
{
    /// <summary>Beyond so many of one code only their number is said.</summary>
    private const int SameCodeMax = 20;
    public const int ExitGood = 0, ExitBad = 1, ExitIncomplete = 2, ExitUsage = 64;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true, Encoder = JavaScriptEncoder.Create(UnicodeRanges.All), Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };
    private readonly Dictionary<(Mark, string), int> _counts = [];
    private readonly List<Finding> _findings = [];

    public IReadOnlyList<Finding> Findings => _findings;

    public string Verdict => Has(Mark.Bad) ? "bad" : Has(Mark.Unchecked) ? "incomplete" : "good";

    public int ExitCode => Has(Mark.Bad) ? ExitBad : Has(Mark.Unchecked) ? ExitIncomplete : ExitGood;

    public bool Has(Mark mark) => _findings.Exists(finding => finding.Mark == mark);

    public void Good(string code, string text) => Add(Mark.Good, code, text);

    public void Bad(string code, string text) => Add(Mark.Bad, code, text);

    public void Unchecked(string code, string text) => Add(Mark.Unchecked, code, text);

    public void Note(string code, string text) => Add(Mark.Note, code, text);

    /// <summary>Good if it holds, else bad.</summary>
    public bool Require(bool holds, string code, string good, string bad)
    {
        Add(holds ? Mark.Good : Mark.Bad, code, holds ? good : bad);
        return holds;
    }

    /// <summary>Bad if it does not hold; if it does, whoever calls sums up.</summary>
    public bool Require(bool holds, string code, string bad)
    {
        if (!holds) Bad(code, bad);
        return holds;
    }

    public void Write(TextWriter output, bool json)
    {
        if (json)
        {
            output.WriteLine(JsonSerializer.Serialize(new { subject, verdict = Verdict, findings = _findings, more = More() }, Json));
            return;
        }
        output.WriteLine(subject);
        foreach (var finding in _findings) output.WriteLine($"  {Word(finding.Mark),-12} {finding.Text} [{finding.Code}]");
        foreach (var (code, count) in More()) output.WriteLine($"  ...          {count} more of [{code}]");
        output.WriteLine($"Verdict: {Verdict}");
    }

    private Dictionary<string, int> More() => _counts.Where(pair => pair.Value > SameCodeMax).ToDictionary(pair => pair.Key.Item2, pair => pair.Value - SameCodeMax);

    private void Add(Mark mark, string code, string text)
    {
        var count = _counts[(mark, code)] = _counts.GetValueOrDefault((mark, code)) + 1;
        if (count <= SameCodeMax) _findings.Add(new Finding(mark, code, text));
    }

    private static string Word(Mark mark) => mark switch { Mark.Good => "good", Mark.Bad => "BAD", Mark.Unchecked => "not checked", _ => "" };
}
