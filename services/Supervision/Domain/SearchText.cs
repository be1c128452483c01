using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tendering.Supervision.Data;

namespace Tendering.Supervision.Domain;

/// <summary>
/// What an event can be found by. Scripts that write no spaces (Chinese) are indexed by single characters and pairs, others by whole words; each as a number, so that
/// the index is one of integers and needs no dictionary or extension.
/// </summary>
public static class SearchText
{
    /// <summary>More than any part of a document can have.</summary>
    public const int GramsMax = 65_536;

    public const int WordMax = 64, QueryMax = 200;

    /// <summary>Numbers of all that this event can be found by.</summary>
    public static int[] GramsOf(RecordedEvent e)
    {
        var grams = new HashSet<int>();
        foreach (var text in TextsOf(e))
        {
            if (Guid.TryParse(text, out var id)) grams.Add(GramOf(id));
            foreach (var run in RunsOf(text))
            {
                if (!run.Spaceless) grams.Add(Hash("w" + run.Text));
                else foreach (var gram in Pieces(run.Text, single: true)) grams.Add(Hash("c" + gram));
                if (grams.Count >= GramsMax) return [.. grams];
            }
        }
        return [.. grams];
    }

    /// <summary>The number under which events by or about a person, organisation, tender, lot or bid are found.</summary>
    public static int GramOf(Guid id) => Hash("i" + id.ToString("N"));

    /// <summary>Numbers that an event must have to be what is asked for; <see cref="Holds"/> has the last word.</summary>
    public static int[] GramsFor(string query) => [.. RunsOf(query).SelectMany(r => r.Spaceless ? Pieces(r.Text, single: r.Text.EnumerateRunes().Count() == 1).Select(p => Hash("c" + p)) : [Hash("w" + r.Text)]).Distinct()];

    /// <summary>Does the event hold every word, and every run of characters as it stands?</summary>
    public static bool Holds(RecordedEvent e, string query)
    {
        var runs = TextsOf(e).SelectMany(RunsOf).ToArray();
        return RunsOf(query).All(wanted => runs.Any(run => wanted.Spaceless == run.Spaceless && (wanted.Spaceless ? run.Text.Contains(wanted.Text, StringComparison.Ordinal) : run.Text == wanted.Text)));
    }

    private sealed record Run(string Text, bool Spaceless);

    private static IEnumerable<string> TextsOf(RecordedEvent e)
    {
        string?[] own = [e.Type, e.Source, e.Role, e.Address, e.Id.ToString(), e.TenderId?.ToString(), e.PersonId?.ToString(), e.OrganisationId?.ToString()];
        return own.OfType<string>().Concat(Values(e.Payload));
    }

    private static List<string> Values(string payload)
    {
        var values = new List<string>();
        try
        {
            using var document = JsonDocument.Parse(payload);
            Collect(document.RootElement, values);
        }
        catch (JsonException) { values.Add(payload); }
        return values;
    }

    private static void Collect(JsonElement element, List<string> values)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object: foreach (var member in element.EnumerateObject()) Collect(member.Value, values); break;
            case JsonValueKind.Array: foreach (var item in element.EnumerateArray()) Collect(item, values); break;
            case JsonValueKind.String: values.Add(TextOf(element)); break;
            case JsonValueKind.Number: values.Add(element.GetRawText()); break;
        }
    }

    // A lone surrogate is no text; the rest of the payload still is.
    private static string TextOf(JsonElement element)
    {
        try { return element.GetString()!; }
        catch (InvalidOperationException) { return ""; }
    }

    // Most texts are ids, hashes and numbers, for which Unicode has nothing to say.
    private static IEnumerable<Run> RunsOf(string text) => Ascii.IsValid(text) ? AsciiRunsOf(text) : UnicodeRunsOf(text);

    private static IEnumerable<Run> AsciiRunsOf(string text)
    {
        var start = 0;
        for (var end = 0; end <= text.Length; end++)
        {
            if (end < text.Length && char.IsAsciiLetterOrDigit(text[end])) continue;
            if (end > start && end - start <= WordMax) yield return new Run(text[start..end].ToLowerInvariant(), false);
            start = end + 1;
        }
    }

    private static IEnumerable<Run> UnicodeRunsOf(string text)
    {
        var (run, spaceless) = (new StringBuilder(), false);
        foreach (var rune in text.Normalize(NormalizationForm.FormKC).EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(rune);
            bool? kind = category is UnicodeCategory.OtherLetter ? true : Rune.IsLetterOrDigit(rune) ? false : null;
            if (run.Length > 0 && kind != spaceless)
            {
                if (spaceless || run.Length <= WordMax) yield return new Run(run.ToString(), spaceless);
                run.Clear();
            }
            if (kind is not { } known) continue;
            spaceless = known;
            run.Append(Rune.ToLowerInvariant(rune).ToString());
        }
        if (run.Length > 0 && (spaceless || run.Length <= WordMax)) yield return new Run(run.ToString(), spaceless);
    }

    private static IEnumerable<string> Pieces(string run, bool single)
    {
        var before = "";
        foreach (var rune in run.EnumerateRunes().Select(r => r.ToString()))
        {
            if (single) yield return rune;
            if (before.Length > 0) yield return before + rune;
            before = rune;
        }
    }

    private static int Hash(string gram)
    {
        const int stackMax = 512;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes], utf8 = gram.Length * 3 <= stackMax ? stackalloc byte[stackMax] : new byte[gram.Length * 3];
        SHA256.HashData(utf8[..Encoding.UTF8.GetBytes(gram, utf8)], hash);
        return BitConverter.ToInt32(hash);
    }
}
