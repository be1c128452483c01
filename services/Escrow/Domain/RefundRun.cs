using System.Collections.Frozen;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Domain;

public enum RefundRunStage { Running, Paused, Done }

/// <summary>The refunds of a lot for one reason, ordered batch by batch. Which deposits it has is written on them; how far it is, they say.</summary>
public sealed class RefundRun
{
    public static readonly FrozenSet<(RefundRunStage From, RefundRunStage To)> Moves = new[]
    {
        (RefundRunStage.Running, RefundRunStage.Paused),
        (RefundRunStage.Paused, RefundRunStage.Running),
        (RefundRunStage.Running, RefundRunStage.Done),
        (RefundRunStage.Done, RefundRunStage.Running),         // further deposits for the same reason
        (RefundRunStage.Done, RefundRunStage.Paused),
    }.ToFrozenSet();

    public Guid Id { get; private init; } = Guid.CreateVersion7();
    public required Guid TenderId { get; init; }
    public required Guid LotId { get; init; }
    public required string Reason { get; init; }
    public required string RuleKey { get; init; }
    public required string? InterestKey { get; init; }
    public required DateTimeOffset StartAt { get; init; }
    public required DateTimeOffset DueBy { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public RefundRunStage Stage { get; private set; } = RefundRunStage.Running;
    public DateTimeOffset? EndedAt { get; private set; }
    public DateTimeOffset? NextDueAt { get; private set; }

    public static RefundRun Start(Lot lot, Release release, DateTimeOffset now) => new()
    {
        TenderId = lot.TenderId, LotId = lot.Id, Reason = release.Reason, RuleKey = release.Rule.Name, InterestKey = release.Interest?.Name, StartAt = release.Start,
        DueBy = lot.RefundDueBy(lot.Law(release.Rule), release.Start), StartedAt = now,
    };

    public Release Release => new(Reason, new RuleKey(RuleKey), InterestKey is { } key ? new RuleKey(key) : null, StartAt);

    /// <summary>There is more to do, now or when the tender's refunds go on.</summary>
    public void Continue(bool isPaused, DateTimeOffset now)
    {
        var next = isPaused ? RefundRunStage.Paused : RefundRunStage.Running;
        if (Stage != next) MoveTo(next);
        (NextDueAt, EndedAt) = (isPaused ? null : now, null);
    }

    public void Pause()
    {
        MoveTo(RefundRunStage.Paused);
        NextDueAt = null;
    }

    public void Resume(DateTimeOffset now)
    {
        MoveTo(RefundRunStage.Running);
        NextDueAt = now;
    }

    public void End(DateTimeOffset now)
    {
        MoveTo(RefundRunStage.Done);
        (NextDueAt, EndedAt) = (null, now);
    }

    private void MoveTo(RefundRunStage next)
    {
        Rule.Require(Moves.Contains((Stage, next)), "illegal-move", $"A refund run that is {Stage} cannot become {next}.");
        Stage = next;
    }
}

/// <summary>Whether the refund runs of a tender stand still, by whose word and why.</summary>
public sealed class RefundPause
{
    /// <summary>The tender's.</summary>
    public required Guid TenderId { get; init; }

    public required bool IsPaused { get; set; }
    public required string Reason { get; set; }
    public required Guid ChangedBy { get; set; }
    public required DateTimeOffset ChangedAt { get; set; }
}
