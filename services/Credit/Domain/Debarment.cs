using System.Collections.Frozen;
using Tendering.ServiceDefaults;

namespace Tendering.Credit.Domain;

public enum DebarmentStage { InForce, Expired, Lifted }

/// <summary>An enterprise in the market, under its unified social credit code.</summary>
public sealed class Enterprise
{
    public required Guid Id { get; init; }
    public required string SocialCreditCode { get; init; }
    public required string Name { get; set; }
    public required DateTimeOffset RegisteredAt { get; init; }
}

/// <summary>An authority's decision that an enterprise may not enter the market for a time (市场禁入).</summary>
public sealed class Debarment
{
    // The whole life of a debarment. A move that is not in this table is refused.
    public static readonly FrozenSet<(DebarmentStage From, DebarmentStage To)> Moves = new[]
    {
        (DebarmentStage.InForce, DebarmentStage.Expired),
        (DebarmentStage.InForce, DebarmentStage.Lifted),
    }.ToFrozenSet();

    public Guid Id { get; private init; } = Guid.CreateVersion7();
    public required string SocialCreditCode { get; init; }
    public required string EnterpriseName { get; init; }
    public required string Reason { get; init; }
    public required string DecisionNumber { get; init; }
    public required string Article { get; init; }
    public required DateTimeOffset ValidFrom { get; init; }
    public required DateTimeOffset ValidUntil { get; init; }
    public required Guid DecidedBy { get; init; }
    public DebarmentStage Stage { get; private set; } = DebarmentStage.InForce;
    public DateTimeOffset? EndedAt { get; private set; }
    public string? EndReason { get; private set; }
    public DateTimeOffset? NextDueAt { get; private set; }

    public static Debarment Decide(string code, string name, string reason, string decisionNumber, string article, DateTimeOffset from, DateTimeOffset until, Guid by, DateTimeOffset now)
    {
        Rule.Require(until > from, "debarment-empty", "A debarment ends after it begins.");
        Rule.Require(until > now, "debarment-past", $"A debarment that ended at {until:u} keeps nobody out.");
        return new Debarment
        {
            SocialCreditCode = code, EnterpriseName = name, Reason = reason, DecisionNumber = decisionNumber, Article = article,
            ValidFrom = from, ValidUntil = until, DecidedBy = by, NextDueAt = until,
        };
    }

    public void Expire(DateTimeOffset now)
    {
        Rule.Require(now >= ValidUntil, "debarment-in-force", $"The debarment holds until {ValidUntil:u}.");
        End(DebarmentStage.Expired, "the period has ended", now);
    }

    public void Lift(string reason, DateTimeOffset now) => End(DebarmentStage.Lifted, reason, now);

    private void End(DebarmentStage next, string reason, DateTimeOffset now)
    {
        Rule.Require(Moves.Contains((Stage, next)), "illegal-move", $"A debarment that is {Stage} cannot become {next}.");
        (Stage, EndReason, EndedAt, NextDueAt) = (next, reason, now, null);
    }
}
