using System.Collections.Frozen;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Domain;

public enum SessionStage { Waiting, Opening, Completed, NotOpened }

/// <summary>Who holds share <paramref name="Index"/> (from 1) of what opens the bids.</summary>
public sealed record Custodian(int Index, Guid OrganisationId, string Name);

/// <summary>What the tender notice says of a lot's opening.</summary>
public sealed record OpeningNotice(
    string TenderNumber, string TenderTitle, int LotNumber, string LotTitle, string RuleSet, string Currency, string TendererName, string AgencyName, int Threshold,
    Custodian[] Custodians, DateTimeOffset OpeningAt, int OpeningMinutes, int MinimumBidders);

/// <summary>The opening of one lot. It needs two facts, notice and closing list, in whatever order they come.</summary>
public sealed class OpeningSession
{
    public static readonly FrozenSet<(SessionStage From, SessionStage To)> Moves = new[]
    {
        (SessionStage.Waiting, SessionStage.Opening),
        (SessionStage.Waiting, SessionStage.NotOpened),
        (SessionStage.Opening, SessionStage.Completed),
    }.ToFrozenSet();

    /// <summary>The lot's id.</summary>
    public required Guid Id { get; init; }

    public required Guid TenderId { get; init; }
    public SessionStage Stage { get; private set; } = SessionStage.Waiting;
    public OpeningNotice? Notice { get; private set; }
    public string? ClosingListHash { get; private set; }
    public DateTimeOffset? ClosedAt { get; private set; }
    public DateTimeOffset? StartedAt { get; private set; }

    /// <summary>Until then custodians are waited for; after it, as long again, for the bidders' recovery keys too.</summary>
    public DateTimeOffset? SharesDueBy { get; private set; }

    public DateTimeOffset? RecoveryDueBy { get; private set; }
    public DateTimeOffset? CompletedAt { get; private set; }

    /// <summary>Canonical JSON.</summary>
    public string? Record { get; private set; }

    public string? RecordHash { get; private set; }
    public DateTimeOffset? NextDueAt { get; private set; }

    /// <summary>Something of the bids may be known.</summary>
    public bool IsPublic => Stage is SessionStage.Opening or SessionStage.Completed;

    public LawRule Law(RuleKey key) => RuleSet.Get(Notice!.RuleSet).Get(key);

    public void Announce(OpeningNotice notice)
    {
        Notice ??= notice;
        Schedule();
    }

    public void Close(string closingListHash, DateTimeOffset closedAt)
    {
        (ClosingListHash, ClosedAt) = (closingListHash, closedAt);
        Schedule();
    }

    /// <summary>Begins, or, with fewer bids than the law asks for, leaves every bid sealed.</summary>
    public void Start(int bids, DateTimeOffset now)
    {
        if (bids < Notice!.MinimumBidders)
        {
            Move(SessionStage.NotOpened);
            NextDueAt = null;
            return;
        }
        Move(SessionStage.Opening);
        StartedAt = now;
        SharesDueBy = NextDueAt = now.AddMinutes(Notice.OpeningMinutes);
    }

    /// <summary>Looks again soon, at something that could not be read at this moment.</summary>
    public void LookAgain(DateTimeOffset at)
    {
        if (NextDueAt > at) NextDueAt = at;
    }

    /// <summary>Waits for the limit that runs; when the custodians' time is over and bids are still sealed, the bidders have as long.</summary>
    public void WaitForLimit(DateTimeOffset now)
    {
        if (RecoveryDueBy is null && SharesDueBy <= now) RecoveryDueBy = now.AddMinutes(Notice!.OpeningMinutes);
        NextDueAt = RecoveryDueBy ?? SharesDueBy;
    }

    public void Complete(string record, DateTimeOffset now)
    {
        Move(SessionStage.Completed);
        (Record, RecordHash, CompletedAt, NextDueAt) = (record, HexText.Sha256(System.Text.Encoding.UTF8.GetBytes(record)), now, null);
    }

    private void Schedule()
    {
        if (Stage == SessionStage.Waiting && Notice is not null && ClosingListHash is not null) NextDueAt = Notice.OpeningAt;
    }

    private void Move(SessionStage next)
    {
        Rule.Require(Moves.Contains((Stage, next)), "illegal-move", $"An opening that is {Stage} cannot become {next}.");
        Stage = next;
    }
}
