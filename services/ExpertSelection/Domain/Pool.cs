using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.ExpertSelection.Domain;

/// <summary>One expert's line in a frozen pool. The salt keeps strangers from trying ids against the commitment.</summary>
public sealed class PoolLine
{
    public Guid DrawId { get; private init; }
    public required int Number { get; init; }
    public required Guid ExpertId { get; init; }
    public required byte[] Salt { get; init; }
    public required string Commitment { get; init; }

    public PoolEntry Entry => new(Number, Commitment);
}

/// <summary>An expert of the specialty who is not in the pool, and why.</summary>
public sealed class Exclusion
{
    public Guid DrawId { get; private init; }
    public required Guid ExpertId { get; init; }
    public required string Reason { get; init; }
}

/// <summary>Step 1 of a draw: who can be drawn, as a canonical numbered list.</summary>
public sealed record Pool(IReadOnlyList<PoolLine> Lines, IReadOnlyList<Exclusion> Exclusions)
{
    public const int LinesMax = 10_000;

    public string Hash => ExpertDraw.PoolHash([.. Lines.Select(l => l.Entry)]);

    /// <summary>The experts given are those of the specialty asked for; their ids order the list.</summary>
    public static Pool Of(IEnumerable<Expert> experts, Recusal recusal)
    {
        var (lines, exclusions) = (new List<PoolLine>(), new List<Exclusion>());
        foreach (var expert in experts.OrderBy(e => e.Id))
        {
            if (recusal.ReasonAgainst(expert) is { } reason) exclusions.Add(new Exclusion { ExpertId = expert.Id, Reason = reason });
            else lines.Add(Line(lines.Count + 1, expert.Id));
        }
        Rule.Require(lines.Count <= LinesMax, "pool-too-large", $"{lines.Count} experts could be drawn; a pool holds at most {LinesMax}.");
        return new Pool(lines, exclusions);
    }

    private static PoolLine Line(int number, Guid expert)
    {
        var salt = PoolEntry.NewSalt();
        return new PoolLine { Number = number, ExpertId = expert, Salt = salt, Commitment = PoolEntry.Of(number, expert, salt).Commitment };
    }
}
