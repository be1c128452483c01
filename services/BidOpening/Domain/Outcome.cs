using System.Collections.Frozen;
using System.Text.Json;

namespace Tendering.BidOpening.Domain;

/// <summary>Why a bid stayed closed, as recorded.</summary>
public enum OpeningFact { ManifestDiffers, CiphertextMissing, CiphertextDiffers, CiphertextUnreadable, SharesMissing, ShareSealedWrong, CommitmentFails, CiphertextBroken, ArchiveUnfit, PriceUnreadable, CurrencyDiffers }

/// <summary>The legal word: withdrawn (撤回), revoked (撤销), rejected at the opening.</summary>
public enum Verdict { Withdrawn, Revoked, Rejected }

/// <summary>Who answers for it.</summary>
public enum Cause { Platform, Custodians, Bidder }

/// <summary>What came of a bid; the price key where it is the one the bid was committed to.</summary>
public abstract record Outcome(byte[]? PriceKey);

public sealed record PriceOpened(long Price, string Schedule, byte[] Key) : Outcome(Key);

public sealed record PriceNotOpened(OpeningFact Fact, byte[]? Key = null) : Outcome(Key)
{
    // Facts alone decide; nobody's judgement is asked.
    public static readonly FrozenDictionary<OpeningFact, (Verdict Verdict, Cause Cause)> Verdicts = new Dictionary<OpeningFact, (Verdict, Cause)>
    {
        [OpeningFact.ManifestDiffers] = (Verdict.Withdrawn, Cause.Platform),
        [OpeningFact.CiphertextMissing] = (Verdict.Withdrawn, Cause.Platform),
        [OpeningFact.CiphertextDiffers] = (Verdict.Withdrawn, Cause.Platform),
        [OpeningFact.CiphertextUnreadable] = (Verdict.Withdrawn, Cause.Platform),
        [OpeningFact.SharesMissing] = (Verdict.Withdrawn, Cause.Custodians),
        [OpeningFact.ShareSealedWrong] = (Verdict.Revoked, Cause.Bidder),
        [OpeningFact.CommitmentFails] = (Verdict.Revoked, Cause.Bidder),
        [OpeningFact.CiphertextBroken] = (Verdict.Revoked, Cause.Bidder),
        [OpeningFact.ArchiveUnfit] = (Verdict.Revoked, Cause.Bidder),
        [OpeningFact.PriceUnreadable] = (Verdict.Rejected, Cause.Bidder),
        [OpeningFact.CurrencyDiffers] = (Verdict.Rejected, Cause.Bidder),
    }.ToFrozenDictionary();

    public Verdict Verdict => Verdicts[Fact].Verdict;
    public Cause Cause => Verdicts[Fact].Cause;
}

public static class Word
{
    /// <summary>How a name is written outside: kebab case.</summary>
    public static string Of<T>(T value) where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
}
