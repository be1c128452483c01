using System.Security.Cryptography;
using System.Text.Json;
using Tendering.Protocols;

namespace Tendering.Verify.Tender;

/// <summary><c>verify evaluation REPORT</c>: the conclusions are drawn again from the report's own inputs, and the inputs compared with the opening record.</summary>
public static class EvaluationCheck
{
    private const string Method = "lowest-evaluated-price";

    /// <summary>The closed list of grounds, in its order, and what each asks of a rule set.</summary>
    private static readonly (string Code, RuleKey Key)[] Grounds =
    [
        ("not-opened", RuleKey.NotOpened), ("price-above-ceiling", RuleKey.CeilingPrice), ("price-below-minimum", RuleKey.FloorPriceAllowed), ("deposit-not-secured", RuleKey.DepositValidity),
        ("debarred", RuleKey.MarketEntry), ("not-signed", RuleKey.Rejection), ("no-joint-agreement", RuleKey.Rejection), ("not-qualified", RuleKey.Rejection), ("more-than-one-bid", RuleKey.Rejection),
        ("price-below-cost", RuleKey.Rejection), ("not-responsive", RuleKey.Rejection), ("unlawful-conduct", RuleKey.Rejection), ("no-competition", RuleKey.FewValidBids),
    ];

    public static Task<Report> RunAsync(Arguments arguments)
    {
        var word = arguments.Words(1, 1)[0];
        var (opening, committee) = (arguments.Value("--opening"), arguments.Value("--committee"));
        arguments.RefuseOthers();
        var report = new Report($"evaluation {word}");
        var bytes = Arguments.Bytes(word);
        if (Read(report, bytes) is { } evaluation)
        {
            Hostile.Guard(report, "evaluation.malformed", "The report", () => Check(report, evaluation));
            if (opening is null) report.Unchecked("evaluation.opening", "The opening record was not given (--opening): the prices are the report's own word.");
            else Hostile.Guard(report, "evaluation.opening", "The opening record", () => CompareWithOpening(report, evaluation, Arguments.Bytes(opening)));
            if (committee is null) report.Unchecked("evaluation.committee", "The committee's answers were not given (--committee): who signed was not checked.");
            else Hostile.Guard(report, "evaluation.committee", "The committee's answers", () => CheckCommittee(report, evaluation, HexText.Sha256(bytes), Arguments.Bytes(committee)));
        }
        return Task.FromResult(report);
    }

    internal static EvaluationReport? Read(Report report, byte[] bytes)
    {
        try
        {
            if (JsonDocument.Parse(bytes).RootElement.GetProperty("version").GetInt32() is var version && version is not (1 or 2))
            {
                report.Unchecked("evaluation.version", $"Version {version} of the report is not known here.");
                return null;
            }
        }
        catch (Exception e) when (Hostile.IsOf(e))
        {
            report.Bad("evaluation.malformed", "This is no evaluation report.");
            return null;
        }
        return DrawCheck.Read<EvaluationReport>(report, bytes, "evaluation.malformed", "evaluation report");
    }

    public static void Check(Report report, EvaluationReport evaluation)
    {
        var inputs = evaluation.Inputs;
        if (RuleSet.Find(inputs.Terms.RuleSet) is not { } rules || inputs.Terms.EvaluationMethod != Method)
        {
            report.Unchecked("evaluation.rules", $"Rule set {inputs.Terms.RuleSet} or method {inputs.Terms.EvaluationMethod} is not known here.");
            return;
        }
        var before = report.Findings.Count;
        report.Require(evaluation.Version == (Array.Exists(inputs.Bids, bid => bid.Archive is not null) ? 2 : 1), "evaluation.version", "Version 2 is the version of reports that say of a bid that its archive was not opened, and of no others.");
        report.Require(evaluation.Bids.Select(bid => bid.BidId).SequenceEqual(inputs.Bids.OrderBy(bid => bid.Record.SubmittedAt).ThenBy(bid => bid.Record.BidId).Select(bid => bid.Record.BidId)), "evaluation.bids", "The conclusions are not on the bids of the inputs, one each.");
        foreach (var bid in inputs.Bids) if (Array.Find(evaluation.Bids, conclusion => conclusion.BidId == bid.Record.BidId) is { } conclusion) CheckBid(report, bid, conclusion, inputs, rules);
        CheckRanking(report, evaluation, rules);
        CheckRules(report, evaluation, rules);
        if (report.Findings.Count == before) report.Good("evaluation", $"Findings, votes and ranking of {inputs.Bids.Length} bids come out again; {evaluation.Candidates.Length} candidates.");
    }

    private static void CheckBid(Report report, BidFacts bid, BidConclusion stated, ReportInputs inputs, RuleSet rules)
    {
        var grounds = GroundsAgainst(bid, inputs.Terms, rules);
        report.Require(stated.Findings.Select(finding => finding.Ground).SequenceEqual(grounds) && stated.Findings.All(finding => RuleOf(finding.Ground, rules) is { } rule && (rule.Id, rule.Article) == (finding.Rule, finding.Article)),
            "evaluation.findings", $"The facts on bid {stated.BidId} give the findings [{string.Join(", ", grounds)}], and the report has others.");
        var votes = inputs.Votes.SelectMany(seat => seat.Votes.Where(vote => vote.BidId == stated.BidId).Select(vote => (seat.Seat, vote.Accepted, vote.Ground))).ToArray();
        if (!bid.IsOpened)
        {
            report.Require(stated is { Outcome: "not-opened", For: 0, Against: 0 }, "evaluation.outcome", $"Bid {stated.BidId} was not opened, and the report says {stated.Outcome}.");
            return;
        }
        var against = votes.Count(vote => !vote.Accepted);
        var rejected = against * 2 > inputs.Members.Length;
        report.Require(votes.Length == inputs.Members.Length && (stated.For, stated.Against, stated.Outcome) == (votes.Length - against, against, rejected ? "rejected" : "accepted"), "evaluation.outcome",
            $"Of {inputs.Members.Length} members {against} reject bid {stated.BidId}, and the report says {stated.Outcome} by {stated.Against}.");
        report.Require(stated.Dissents.Select(dissent => dissent.Seat).Order().SequenceEqual(votes.Where(vote => vote.Accepted == rejected).Select(vote => vote.Seat).Order()), "evaluation.dissents", $"The dissents on bid {stated.BidId} are not those of the votes.");
        if (!rejected) return;
        var ground = votes.Where(vote => !vote.Accepted).GroupBy(vote => vote.Ground).OrderByDescending(group => group.Count()).ThenBy(group => Array.FindIndex(Grounds, g => g.Code == group.Key)).First().Key;
        report.Require(stated.Ground == ground && RuleOf(ground, rules) is { } cited && (cited.Id, cited.Article) == (stated.Rule, stated.Article), "evaluation.ground", $"Most votes against bid {stated.BidId} name {ground}, and the report says {stated.Ground}.");
    }

    private static List<string> GroundsAgainst(BidFacts bid, LotTerms terms, RuleSet rules)
    {
        if (bid.Record.Price is not { } price || bid.Archive is not null) return ["not-opened"];
        var grounds = new List<string>();
        if (price > terms.CeilingPrice) grounds.Add("price-above-ceiling");
        if (price < terms.MinimumPrice && rules.Find(RuleKey.FloorPriceAllowed) is not null) grounds.Add("price-below-minimum");
        if (terms.Deposit > 0 && !bid.DepositSecured) grounds.Add("deposit-not-secured");
        if (bid.Debarment is not null) grounds.Add("debarred");
        return grounds;
    }

    // Who was accepted by the votes, not by the report's word.
    private static void CheckRanking(Report report, EvaluationReport evaluation, RuleSet rules)
    {
        var inputs = evaluation.Inputs;
        var accepted = inputs.Bids.Where(bid => bid.IsOpened).Select(bid => bid.Record).Where(bid =>
            inputs.Votes.Count(seat => seat.Votes.Any(vote => vote.BidId == bid.BidId && !vote.Accepted)) * 2 <= inputs.Members.Length).ToArray();
        var ranking = accepted.OrderBy(bid => bid.Price).ThenBy(bid => bid.BidId)
            .Select(bid => new RankedBid(1 + accepted.Count(other => other.Price < bid.Price), bid.BidId, bid.BidderId, bid.BidderName, bid.Price!.Value)).ToArray();
        report.Require(ranking.SequenceEqual(evaluation.Ranking), "evaluation.ranking", "The ranking is not that of the accepted prices, lowest first, equal ones sharing a rank.");
        var max = rules.Find(RuleKey.CandidatesMax)?.Count;
        report.Require(ranking.Where(bid => max is null || bid.Rank <= max).SequenceEqual(evaluation.Candidates), "evaluation.candidates", "The candidates are not the first of the ranking, as many as the rule set lets.");
        var few = rules.Find(RuleKey.FewValidBids) is { } rule && accepted.Length < rule.Count ? rule : null;
        report.Require(few is null ? evaluation.FewBids is null : evaluation.FewBids is { } stated && (stated.Valid, stated.Fewer, stated.Rule, stated.Article) == (accepted.Length, few.Count, few.Id, few.Article)
            && stated.Reasons.Select(reason => (reason.Seat, reason.Reason)).SequenceEqual(inputs.Votes.OrderBy(seat => seat.Seat).Where(seat => seat.FewBidsReason is not null).Select(seat => (seat.Seat, seat.FewBidsReason!))),
            "evaluation.few-bids", "What the report says of too few valid bids does not follow from the votes.");
    }

    private static void CheckRules(Report report, EvaluationReport evaluation, RuleSet rules)
    {
        foreach (var cited in evaluation.Rules)
            report.Require(rules.Rules.TryGetValue(cited.Id, out var rule) && (rule.Article, rule.Text) == (cited.Article, cited.Text), "evaluation.rule", $"Rule {cited.Id} is cited with other words than the rule set {rules.Id} has.");
        string?[] always = [rules.Find(RuleKey.CandidatesMax)?.Id, rules.Find(RuleKey.PriceTie)?.Id];
        var used = evaluation.Bids.SelectMany(bid => bid.Findings.Select(finding => finding.Rule).Append(bid.Rule)).Append(evaluation.FewBids?.Rule).Concat(always).OfType<string>().Distinct();
        report.Require(used.Order(StringComparer.Ordinal).SequenceEqual(evaluation.Rules.Select(rule => rule.Id)), "evaluation.rule", "The rules that the report rests on are not those that it cites.");
    }

    private static LawRule? RuleOf(string? ground, RuleSet rules) => Array.Find(Grounds, g => g.Code == ground) is { Code: not null } known ? rules.Find(known.Key) ?? rules.Find(RuleKey.Rejection) : null;

    internal static void CompareWithOpening(Report report, EvaluationReport evaluation, byte[] opening)
    {
        if (!report.Require(HexText.Sha256(opening) == evaluation.Inputs.OpeningRecordHash, "evaluation.opening", "The report rests on another opening record than this.")) return;
        if (OpeningCheck.Read(report, opening) is not { } record) return;
        var same = record.Bids.Length == evaluation.Inputs.Bids.Length && record.Bids.All(bid => evaluation.Inputs.Bids.Any(facts => facts.Record is { } on
            && (on.BidId, on.BidderId, on.BidderName, on.SocialCreditCode, on.Price, on.Verdict, on.ManifestHash, on.SubmittedAt)
            == (bid.BidId, bid.BidderId, bid.BidderName, bid.SocialCreditCode, bid.Price, bid.Verdict, bid.ManifestHash, OpeningCheck.Time(bid.SubmittedAt))));
        report.Require(same, "evaluation.opening", "Bids, bidders and prices are those of the opening record.", "The report's bids or prices are not those of the opening record.");
    }

    /// <summary>The answers where they can be read.</summary>
    internal static CommitteeAnswer? CheckCommittee(Report report, EvaluationReport evaluation, string reportHash, byte[] committee)
    {
        CommitteeAnswer answers;
        try { answers = JsonSerializer.Deserialize<CommitteeAnswer>(committee, CanonicalJson.Options)!; }
        catch (JsonException e)
        {
            report.Bad("evaluation.committee", $"The committee's answers cannot be read: {e.Message}");
            return null;
        }
        report.Require(answers.ReportHash == reportHash && answers.LotId == evaluation.Inputs.LotId, "evaluation.committee", "The committee answered another report.");
        report.Require(answers.Members.Select(member => member.Seat).Order().SequenceEqual(evaluation.Inputs.Members.Select(member => member.Seat).Order()), "evaluation.committee", "The seats are not those of the report.");
        var signed = answers.Members.Count(member => CheckSeat(report, evaluation, reportHash, member));
        report.Note("evaluation.committee", $"{signed} of {answers.Members.Length} members signed the report; {answers.Members.Count(member => member.Answer == "refusal")} refused, {answers.Members.Count(member => member.Answer == "silence")} were silent, which counts as agreement.");
        return answers;
    }

    private static bool CheckSeat(Report report, EvaluationReport evaluation, string reportHash, CommitteeSeat member)
    {
        var opening = HexText.Sha256(CanonicalJson.Serialize(new Identity(member.Expert, member.Name, member.Employer, member.SigningKey, member.Salt)));
        report.Require(evaluation.Inputs.Members.Any(seat => seat.Seat == member.Seat && seat.Commitment == opening), "evaluation.seat", $"Seat {member.Seat} was committed to somebody else than {member.Name}.");
        if (member.Signature is null) return false;
        try
        {
            using var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(Convert.FromBase64String(member.SigningKey), out _);
            return report.Require(key.VerifyHash(Convert.FromHexString(reportHash), Convert.FromBase64String(member.Signature), DSASignatureFormat.IeeeP1363FixedFieldConcatenation), "evaluation.signature", $"The signature of seat {member.Seat} does not hold.");
        }
        catch (Exception e) when (e is CryptographicException or FormatException) { return report.Require(false, "evaluation.signature", $"The signature of seat {member.Seat} cannot be read."); }
    }

    private sealed record Identity(Guid Expert, string Name, string Employer, string SigningKey, string Salt);
}
