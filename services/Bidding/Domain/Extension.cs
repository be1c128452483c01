using Tendering.Contracts.Bidding;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Domain;

/// <summary>Proof that bids could be taken at this moment: by the clock of deadlines, and by the database's, which nobody moves.</summary>
public sealed record Heartbeat(DateTimeOffset At, DateTimeOffset RealAt, string Statement);

/// <summary>By what measure an extension is proposed.</summary>
/// <param name="Window">The last time before a deadline that counts.</param>
/// <param name="SharePercent">More than this share of it without a heartbeat.</param>
/// <param name="Hold">How long the closing waits for a decision.</param>
public sealed record OutageMeasure(TimeSpan Window, decimal SharePercent, TimeSpan Hold);

/// <summary>A later deadline that the platform proposes for a lot because of outages; the agency or a supervisor decides.</summary>
public sealed class Extension
{
    /// <summary>Heartbeats come every ten seconds; a longer silence than this is an outage.</summary>
    public static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(30);

    public Guid Id { get; private init; } = Guid.CreateVersion7();
    public required Guid TenderId { get; init; }
    public required Guid LotId { get; init; }
    public required DateTimeOffset Deadline { get; init; }
    public required DateTimeOffset ProposedDeadline { get; init; }
    public required ReportedOutage[] Outages { get; init; }
    public required DateTimeOffset ProposedAt { get; init; }
    public required DateTimeOffset HeldUntil { get; init; }
    public bool? Approved { get; private set; }
    public string? Reason { get; private set; }
    public Guid? DecidedBy { get; private set; }
    public DateTimeOffset? DecidedAt { get; private set; }

    /// <summary>The silence between two heartbeats, or null if it is none. A clock that was moved is no outage: the shorter of the two clocks' times counts.</summary>
    public static ReportedOutage? Between(Heartbeat before, Heartbeat after)
    {
        var (moved, real) = (after.At - before.At, after.RealAt - before.RealAt);
        var silence = moved < real ? moved : real;
        return silence > SilenceMax ? new ReportedOutage(after.At - silence, after.At, before.Statement, after.Statement) : null;
    }

    /// <summary>
    /// What is to be proposed for a lot after these outages, or null where they took too little of its last hours. What was lost is given back, from the deadline or from now, and once:
    /// those that were <paramref name="decided"/> on with an earlier proposal count no more.
    /// </summary>
    public static Extension? Propose(Lot lot, IEnumerable<ReportedOutage> outages, IEnumerable<ReportedOutage> decided, OutageMeasure measure, DateTimeOffset now)
    {
        var since = lot.BidDeadline - measure.Window;
        var before = decided.Select(o => o.From).ToHashSet();
        var counted = outages.Where(o => o.Until > since && o.From < lot.BidDeadline && !before.Contains(o.From)).OrderBy(o => o.From).ToArray();
        var lost = counted.Aggregate(TimeSpan.Zero, (sum, o) => sum + ((o.Until < lot.BidDeadline ? o.Until : lot.BidDeadline) - (o.From > since ? o.From : since)));
        if (lot.Stage != LotStage.Open || lost.Ticks * 100m <= measure.Window.Ticks * measure.SharePercent) return null;
        return new Extension
        {
            TenderId = lot.TenderId, LotId = lot.Id, Deadline = lot.BidDeadline, ProposedDeadline = (lot.BidDeadline > now ? lot.BidDeadline : now) + lost, Outages = counted, ProposedAt = now,
            HeldUntil = (lot.BidDeadline > now ? lot.BidDeadline : now) + measure.Hold,
        };
    }

    /// <summary>The deadline that holds after the decision; one that was decided late gives the same time from then on.</summary>
    public DateTimeOffset Decide(Lot lot, bool approved, string reason, Guid person, DateTimeOffset now)
    {
        Rule.Require(DecidedAt is null, "already-decided", "This was decided before.");
        Rule.Require(lot.Stage == LotStage.Open, "bidding-closed", "Bidding is closed: what is closed is not opened again.");
        (Approved, Reason, DecidedBy, DecidedAt) = (approved, reason, person, now);
        if (approved) lot.MoveDeadline(ProposedDeadline > now ? ProposedDeadline : now + (ProposedDeadline - (Deadline > ProposedAt ? Deadline : ProposedAt)), now);
        else lot.LetGo();
        return lot.BidDeadline;
    }
}
