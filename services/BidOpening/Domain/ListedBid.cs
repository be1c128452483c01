using System.Collections.Frozen;
using System.Text;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Domain;

public enum BidStage { Sealed, Opened, NotOpened }

public enum FilesStage { Sealed, Ready, Opened, Failed }

/// <summary>A bid of the closing list and what came of it. The price decides; the archive follows in the background.</summary>
public sealed class ListedBid
{
    public static readonly FrozenSet<(BidStage From, BidStage To)> Moves = new[] { (BidStage.Sealed, BidStage.Opened), (BidStage.Sealed, BidStage.NotOpened) }.ToFrozenSet();

    public static readonly FrozenSet<(FilesStage From, FilesStage To)> FilesMoves = new[]
    {
        (FilesStage.Sealed, FilesStage.Ready), (FilesStage.Sealed, FilesStage.Failed), (FilesStage.Ready, FilesStage.Opened), (FilesStage.Ready, FilesStage.Failed), (FilesStage.Opened, FilesStage.Failed),
    }.ToFrozenSet();

    private BidManifest? _parsed;

    public required Guid Id { get; init; }
    public required Guid TenderId { get; init; }
    public required Guid LotId { get; init; }

    /// <summary>On the closing list, from 1: the order in which bids are announced.</summary>
    public required int Place { get; init; }

    public required Guid BidderId { get; init; }
    public required string BidderName { get; init; }
    public required string SocialCreditCode { get; init; }
    public required int Revision { get; init; }
    public required string ManifestHash { get; init; }
    public required string Manifest { get; init; }
    public required string Signature { get; init; }
    public required string Receipt { get; init; }
    public required string PriceStorageKey { get; init; }
    public required string FilesStorageKey { get; init; }
    public required bool DepositSecured { get; init; }
    public required DateTimeOffset SubmittedAt { get; init; }

    public BidStage Stage { get; private set; } = BidStage.Sealed;

    /// <summary>Minor units of the tender's currency.</summary>
    public long? Price { get; private set; }

    public string? Schedule { get; private set; }
    public byte[]? PriceKey { get; private set; }

    /// <summary>custodians or recovery.</summary>
    public string? OpenedBy { get; private set; }

    public Verdict? Verdict { get; private set; }
    public Cause? Cause { get; private set; }
    public OpeningFact? Fact { get; private set; }
    public string? Rule { get; private set; }
    public string? Article { get; private set; }
    public DateTimeOffset? DecidedAt { get; private set; }
    public FilesStage FilesStage { get; private set; } = FilesStage.Sealed;
    public byte[]? FilesKey { get; private set; }
    public OpeningFact? FilesFact { get; private set; }

    /// <summary>Until then the bidder may still bring the archive's key; null until it is asked for.</summary>
    public DateTimeOffset? FilesDueBy { get; private set; }

    public DateTimeOffset? NextDueAt { get; private set; }

    /// <summary>Where the opened archive lies.</summary>
    public string OpenedKey => $"opened/{Id}";

    /// <summary>When its outcome was read out, from 1.</summary>
    public int? ReadAs { get; private set; }

    /// <summary>False where somebody changed the stored manifest: it no longer is what its bidder signed and the closing list names.</summary>
    public bool IsAsClosed => HexText.Sha256(Encoding.UTF8.GetBytes(Manifest)) == ManifestHash;

    public BidManifest Parsed => _parsed ??= BidManifest.Parse(Encoding.UTF8.GetBytes(Manifest));

    /// <param name="sharesDueBy">When the custodians' time is over: an opened bid's archive waits for its key till then without anybody being asked.</param>
    public void Decide(Outcome outcome, string openedBy, LawRule notOpened, int readAs, DateTimeOffset sharesDueBy, DateTimeOffset now)
    {
        Move(outcome is PriceOpened ? BidStage.Opened : BidStage.NotOpened);
        (DecidedAt, PriceKey, ReadAs) = (now, outcome.PriceKey, readAs);
        if (outcome is PriceOpened opened) (Price, Schedule, OpenedBy, NextDueAt) = (opened.Price, opened.Schedule, openedBy, sharesDueBy > now ? sharesDueBy : now);
        if (outcome is PriceNotOpened not) (Verdict, Cause, Fact, Rule, Article) = (not.Verdict, not.Cause, not.Fact, notOpened.Id, notOpened.Article);
    }

    /// <summary>The archive's key is known; opening it is due at once, in the background. Only an opened bid's archive is opened.</summary>
    public void ReadyFiles(byte[] key, DateTimeOffset now)
    {
        if (Stage != BidStage.Opened || FilesStage != FilesStage.Sealed) return;
        Move(FilesStage.Ready);
        (FilesKey, NextDueAt) = (key, now);
    }

    /// <summary>The archive's key has not come in the custodians' time: the bidder may bring it until <paramref name="dueBy"/>.</summary>
    public void AskForFilesKey(DateTimeOffset dueBy) => FilesDueBy = NextDueAt = dueBy;

    /// <summary>
    /// The archive is opened, or stays closed for a reason that is recorded; the verdict on the bid is not touched. What is opened is to be on disk by <paramref name="onDiskBy"/>.
    /// </summary>
    public void EndFiles(OpeningFact? failure, DateTimeOffset onDiskBy)
    {
        Move(failure is null ? FilesStage.Opened : FilesStage.Failed);
        (FilesFact, NextDueAt) = (failure, failure is null ? onDiskBy : null);
    }

    /// <summary>The archive's key never came; or the opened archive was lost before it was on disk, and what it would be opened from again is no longer what it was.</summary>
    public void LoseFiles(OpeningFact failure)
    {
        Move(FilesStage.Failed);
        (FilesFact, NextDueAt) = (failure, null);
    }

    /// <summary>The archive could not be read at this moment, or is not on disk yet: it is looked at again.</summary>
    public void LookAgain(DateTimeOffset at) => NextDueAt = at;

    private void Move(BidStage next)
    {
        ServiceDefaults.Rule.Require(Moves.Contains((Stage, next)), "illegal-move", $"A bid that is {Stage} cannot become {next}.");
        Stage = next;
    }

    private void Move(FilesStage next)
    {
        ServiceDefaults.Rule.Require(FilesMoves.Contains((FilesStage, next)), "illegal-move", $"An archive that is {FilesStage} cannot become {next}.");
        FilesStage = next;
    }
}
