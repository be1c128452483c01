using System.Collections.Frozen;
using System.Text;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Domain;

public enum SessionStage { Waiting, Opening, Confirming, Completed, NotOpened }

/// <summary>Who holds share <paramref name="Index"/> (from 1) of what opens the bids.</summary>
public sealed record Custodian(int Index, Guid OrganisationId, string Name);

/// <summary>What the tender notice says of a lot's opening.</summary>
public sealed record OpeningNotice(
    string TenderNumber, string TenderTitle, int LotNumber, string LotTitle, string RuleSet, string Currency, string TendererName, string AgencyName, int Threshold,
    Custodian[] Custodians, DateTimeOffset OpeningAt, int OpeningMinutes, int MinimumBidders, Guid? AgencyId = null, CandidateValues[]? Coefficients = null);

/// <summary>The opening of one lot. It needs two facts, notice and closing list, in whatever order they come.</summary>
public sealed class OpeningSession
{
    public static readonly FrozenSet<(SessionStage From, SessionStage To)> Moves = new[]
    {
        (SessionStage.Waiting, SessionStage.Opening),
        (SessionStage.Waiting, SessionStage.NotOpened),
        (SessionStage.Opening, SessionStage.Confirming),
        (SessionStage.Confirming, SessionStage.Completed),
    }.ToFrozenSet();

    /// <summary>Percent of the running time after which those who are waited for are reminded.</summary>
    private static readonly int[] RemindAfter = [50, 90];

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

    /// <summary>What was announced, canonical JSON: this is what those present sign.</summary>
    public string? Announced { get; private set; }

    public string? AnnouncedHash { get; private set; }
    public DateTimeOffset? AnnouncedAt { get; private set; }

    /// <summary>Until then those present object or sign; after it the agency still answers, until <see cref="AnswersDueBy"/>.</summary>
    public DateTimeOffset? ConfirmBy { get; private set; }

    public DateTimeOffset? AnswersDueBy { get; private set; }
    public DateTimeOffset? CompletedAt { get; private set; }

    /// <summary>Canonical JSON.</summary>
    public string? Record { get; private set; }

    public string? RecordHash { get; private set; }

    /// <summary>The key, public before the tender was, with which coefficients are drawn; null where the documents provide none.</summary>
    public string? VrfPublicKey { get; private set; }

    public CoefficientDraw? Coefficients { get; private set; }
    public int LastEntry { get; private set; }
    public int Reminded { get; private set; }
    public int ReadOut { get; private set; }
    public bool ListDiffers { get; private set; }
    public DateTimeOffset? NextDueAt { get; private set; }

    /// <summary>Something of the bids may be known.</summary>
    public bool IsPublic => Stage is SessionStage.Opening or SessionStage.Confirming or SessionStage.Completed;

    /// <summary>Nothing more is said in the hall.</summary>
    public bool IsOver => Stage is SessionStage.Completed or SessionStage.NotOpened;

    public LawRule Law(RuleKey key) => RuleSet.Get(Notice!.RuleSet).Get(key);

    public void Announce(OpeningNotice notice, string? vrfPublicKey)
    {
        if (Notice is null) (Notice, VrfPublicKey) = (notice, vrfPublicKey);
        Schedule();
    }

    /// <summary>The opening is later now; one that has started stays.</summary>
    public void MoveOpening(DateTimeOffset openingAt)
    {
        if (Stage != SessionStage.Waiting || Notice is not { } notice || openingAt <= notice.OpeningAt) return;
        Notice = notice with { OpeningAt = openingAt };
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
        (StartedAt, SharesDueBy) = (now, now.AddMinutes(Notice.OpeningMinutes));
        NextDueAt = NextMoment;
    }

    /// <summary>The stored bids are no longer those of the closing list; true if this is news. Looked at again later: an operator may have had them sent again.</summary>
    public bool StandStill(DateTimeOffset lookAgainAt)
    {
        NextDueAt = lookAgainAt;
        return !ListDiffers && (ListDiffers = true);
    }

    /// <summary>Looks again soon, at something that could not be read at this moment.</summary>
    public void LookAgain(DateTimeOffset at)
    {
        if (NextDueAt > at) NextDueAt = at;
    }

    /// <summary>What the passing of time asks for. When the custodians' time is over with bids still sealed, the bidders have as long.</summary>
    public TimePassed PassTime(DateTimeOffset now)
    {
        var passed = TimePassed.Nothing;
        if (RecoveryDueBy is null && SharesDueBy <= now) (RecoveryDueBy, Reminded, passed) = (now.AddMinutes(Notice!.OpeningMinutes), 0, TimePassed.RecoveryAsked);
        while (Limit > now && NextReminder <= now) (Reminded, passed) = (Reminded + 1, TimePassed.Reminder);
        NextDueAt = NextMoment;
        return passed;
    }

    /// <summary>The number under which the hall's next entry stands.</summary>
    public int NextEntry() => ++LastEntry;

    /// <summary>The number under which the next bid is read out.</summary>
    public int NextToRead() => ++ReadOut;

    public void KeepDraw(CoefficientDraw draw)
    {
        Rule.Require(Coefficients is null, "illegal-move", "Coefficients are drawn once.");
        Coefficients = draw;
    }

    /// <summary>Every bid has its outcome: what was announced is fixed, and those present have their time.</summary>
    public void AnnouncePrices(OpeningRecord announced, TimeSpan confirmation, DateTimeOffset now)
    {
        Move(SessionStage.Confirming);
        Announced = announced.Canonical();
        (AnnouncedHash, AnnouncedAt) = (HashOf(Announced), now);
        ConfirmBy = NextDueAt = now + confirmation;
    }

    /// <summary>The time for objections and signatures is over; with objections open the agency has as long again. True when nothing more is waited for.</summary>
    public bool EndConfirmation(bool isAnswerOwed, TimeSpan confirmation, DateTimeOffset now)
    {
        if (now < ConfirmBy) return false;
        if (!isAnswerOwed || AnswersDueBy <= now) return true;
        AnswersDueBy ??= now + confirmation;
        NextDueAt = AnswersDueBy;
        return false;
    }

    public void Complete(OpeningRecord record, DateTimeOffset now)
    {
        Move(SessionStage.Completed);
        Record = record.Canonical();
        (RecordHash, CompletedAt, NextDueAt) = (HashOf(Record), now, null);
    }

    internal static string HashOf(string text) => HexText.Sha256(Encoding.UTF8.GetBytes(text));

    private DateTimeOffset Limit => (RecoveryDueBy ?? SharesDueBy)!.Value;
    private DateTimeOffset? NextReminder => Reminded < RemindAfter.Length ? Limit - TimeSpan.FromMinutes(Notice!.OpeningMinutes) * (100 - RemindAfter[Reminded]) / 100 : null;
    private DateTimeOffset NextMoment => NextReminder is { } reminder && reminder < Limit ? reminder : Limit;

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

/// <summary>What the passing of time asks for.</summary>
public enum TimePassed { Nothing, Reminder, RecoveryAsked }
