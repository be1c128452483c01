using System.Text.Json;

namespace Tendering.Tenders.Domain;

/// <summary>Where a tender or a lot stands, the least advanced first. The four between draft and published are the tender's alone; a failed lot has come to its end.</summary>
public enum Stage
{
    Draft, InReview, ReviewedOnce, Approved, Published, Closed, Opening, Evaluating, Evaluated, Publicity, Awarded, Noticed, Contracted, Failed,
}

/// <summary>What moves a tender or a lot on: what somebody decides here, or a fact that another service tells.</summary>
public enum Cause
{
    ReviewRequested, ReviewApproved, ReviewRejected, Publication,
    BiddingClosed, OpeningStarted, OpeningCompleted, EvaluationCompleted, TooFewBids, NoCandidates,
    CandidatesPublished, AwardDecided, AwardNoticeIssued, ContractSigned,
}

public static class Words
{
    /// <summary>The name as it stands in answers and notices: <c>reviewed-once</c>.</summary>
    public static string Kebab(this Enum name) => JsonNamingPolicy.KebabCaseLower.ConvertName(name.ToString());
}
