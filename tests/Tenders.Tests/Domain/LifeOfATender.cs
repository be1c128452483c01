using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Tendering.Protocols;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Domain;

namespace Tendering.Tenders.Tests.Domain;

/// <summary>Writes the page on a tender's life from the tables of moves.</summary>
public static class LifeOfATender
{
    private static readonly RuleSet[] Sets = [.. RuleSet.All.OrderBy(s => s.Id, StringComparer.Ordinal)];

    public static string Page()
    {
        var page = new StringBuilder();
        page.Append("# The life of a tender\n\nGenerated from `services/Tenders/Domain/Moves.cs`; a test holds this page against the tables (`UPDATE_DOCS=1` rewrites it).\n"
            + "A move that is in neither table is refused: too early by the law in its row, too late, or where no law is named, as `wrong-stage`. A lot fails by the law in its row.\n\n");
        page.Append("## The preparation of a tender\n\nOnce published, a tender's stage is the least advanced of its lots; a failed lot counts as one that has come to its end.\n\n");
        Append(page, Moves.OfTender);
        page.Append("\n## The life of a lot\n\nWhat other services tell may be heard in any order: a fact goes through the moves of those before it (")
            .AppendJoin(", ", Moves.Facts.Select(f => f.Kebab())).Append("),\nand one that comes late or again changes nothing.\n\n");
        Append(page, Moves.OfLot);
        return page.ToString();
    }

    private static void Append(StringBuilder page, ImmutableArray<Move> moves)
    {
        page.Append("```mermaid\nstateDiagram-v2\n");
        foreach (var stage in moves.SelectMany(m => new[] { m.From, m.To }).Distinct().Order()) page.Append(CultureInfo.InvariantCulture, $"    {stage}: {stage.Kebab()}\n");
        page.Append(CultureInfo.InvariantCulture, $"    [*] --> {moves[0].From}\n");
        foreach (var move in moves) page.Append(CultureInfo.InvariantCulture, $"    {move.From} --> {move.To}: {move.On.Kebab()}\n");
        foreach (var end in moves.Select(m => m.To).Where(s => moves.All(m => m.From != s)).Distinct()) page.Append(CultureInfo.InvariantCulture, $"    {end} --> [*]\n");
        page.Append("```\n\n| from | by | to | heard | told | law | ").AppendJoin(" | ", Sets.Select(s => s.Id)).Append(" |\n|---|---|---|---|---|---|")
            .Append(string.Concat(Sets.Select(_ => "---|"))).Append('\n');
        foreach (var move in moves) page.Append("| ").AppendJoin(" | ", Row(move)).Append(" |\n");
    }

    private static IEnumerable<string> Row(Move move) =>
    [
        move.From.Kebab(), move.On.Kebab(), move.To.Kebab(), Name(move.Hears), Name(move.Tells), move.Law is { } law ? $"`{law.Name}`" : "",
        .. Sets.Select(s => move.Law is { } key && s.Find(key) is { } rule ? $"{rule.Id} {rule.Article}" : ""),
    ];

    private static string Name(Type? type) => type is null ? "" : $"`{Outbox.NameOf(type).Name}`";
}
