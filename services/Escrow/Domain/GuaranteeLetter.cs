using System.Collections.Frozen;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Domain;

public enum LetterStage { Presented, Verified, Refused, Released, Claimed, Paid }

/// <summary>What a bidder presents. Amount in minor units; <paramref name="ValidThrough"/> is the last day on which the issuer can be asked to pay.</summary>
public sealed record LetterPaper(
    string Kind, string IssuerCode, string IssuerName, string Number, long Amount, string Currency, string Beneficiary, DateOnly ValidThrough, string DocumentHash);

/// <summary>A letter by which a bank, insurer or guarantor stands for a bidder (保函). It moves no money until it is claimed; only a verified one secures a bid.</summary>
public sealed class GuaranteeLetter
{
    /// <summary>So many days before a letter ends somebody is told.</summary>
    public const int WarningDays = 7;

    public static readonly FrozenSet<(LetterStage From, LetterStage To)> Moves = new[]
    {
        (LetterStage.Presented, LetterStage.Verified),
        (LetterStage.Presented, LetterStage.Refused),
        (LetterStage.Presented, LetterStage.Released),
        (LetterStage.Verified, LetterStage.Released),
        (LetterStage.Verified, LetterStage.Claimed),
        (LetterStage.Claimed, LetterStage.Paid),
    }.ToFrozenSet();

    public Guid Id { get; private init; } = Guid.CreateVersion7();
    public required Guid SubAccountId { get; init; }
    public required Guid TenderId { get; init; }
    public required Guid LotId { get; init; }
    public required Guid BidderId { get; init; }
    public required string Kind { get; init; }
    public required string IssuerCode { get; init; }
    public required string IssuerName { get; init; }
    public required string Number { get; init; }
    public required long Amount { get; init; }
    public required string Currency { get; init; }
    public required string Beneficiary { get; init; }
    public required DateOnly ValidThrough { get; init; }
    public required string DocumentHash { get; init; }
    public required DateTimeOffset PresentedAt { get; init; }

    public LetterStage Stage { get; private set; } = LetterStage.Presented;
    public DateTimeOffset? DecidedAt { get; private set; }
    public Guid? DecidedBy { get; private set; }
    public string? Refusal { get; private set; }
    public DateTimeOffset? ReleasedAt { get; private set; }
    public string? ReleaseReason { get; private set; }
    public DateTimeOffset? WarnedAt { get; private set; }
    public DateTimeOffset? ExpiredAt { get; private set; }

    /// <summary>What the issuer was asked for, and what of it has come.</summary>
    public long Claimed { get; private set; }
    public long Received { get; private set; }
    public string? DecisionNumber { get; private set; }
    public string? DecisionHash { get; private set; }
    public DateTimeOffset? ClaimedAt { get; private set; }

    /// <summary>The virtual account number that the issuer pays to.</summary>
    public string? ClaimAccount { get; private set; }
    public string? TreasuryAccount { get; private set; }
    public string? TreasuryName { get; private set; }
    public DateTimeOffset? NextDueAt { get; private set; }

    public Guid ClaimAccountId => DerivedId.Of($"claim-account:{Id}");
    public bool IsLive => Stage is LetterStage.Presented or LetterStage.Verified;

    /// <summary>Every refusal names the rule set's deposit-validity: a security is as large, as long and as good as the deposit that it stands for.</summary>
    public static GuaranteeLetter Present(Lot lot, SubAccount bidder, LetterPaper paper, DateTimeOffset now)
    {
        var rule = lot.Law(RuleKey.DepositValidity);
        Require(lot.Deposit > 0, "deposit-not-required", "This lot asks for no deposit: no letter is needed.");
        Require(now < lot.BidDeadline && !lot.HasEnded, "guarantee-letter-too-late", $"Letters are presented before the bid deadline, {lot.BidDeadline:u}.");
        Require(lot.LetterKinds.Contains(paper.Kind) && lot.BindsThrough is not null, "guarantee-letter-not-taken",
            lot.LetterKinds.Length == 0 ? "The tender documents take no guarantee letter: pay the deposit." : $"The tender documents take letters of: {string.Join(", ", lot.LetterKinds)}.");
        Require(paper.Currency == lot.Currency, "guarantee-letter-wrong-currency", $"The letter must be in {lot.Currency}.");
        Require(paper.Amount >= lot.Deposit, "guarantee-letter-too-small", $"The letter must be for {Amounts.Text(lot.Deposit, lot.Currency)} {lot.Currency} or more.");
        Require(paper.Beneficiary.Trim() == lot.TendererName, "guarantee-letter-wrong-beneficiary", $"The letter must be made out to {lot.TendererName}.");
        Require(paper.ValidThrough >= lot.BindsThrough, "guarantee-letter-too-short", $"Bids bind through {lot.BindsThrough:yyyy-MM-dd}, and the letter ends on {paper.ValidThrough:yyyy-MM-dd}: have it made valid as long as the bid.");
        return new GuaranteeLetter
        {
            SubAccountId = bidder.Id, TenderId = lot.TenderId, LotId = lot.Id, BidderId = bidder.BidderId, Kind = paper.Kind, IssuerCode = paper.IssuerCode, IssuerName = paper.IssuerName,
            Number = paper.Number, Amount = paper.Amount, Currency = paper.Currency, Beneficiary = paper.Beneficiary.Trim(), ValidThrough = paper.ValidThrough, DocumentHash = paper.DocumentHash, PresentedAt = now,
        };

        void Require(bool holds, string code, string message) => Rule.Require(holds, code, message, rule.Id, rule.Article);
    }

    public void Verify(Lot lot, Guid? by, DateTimeOffset now)
    {
        Rule.Require(!lot.HasEnded, "deposit-lot-ended", "The lot has ended: a letter secures nothing any more.");
        Rule.Require(lot.DayOf(now) <= ValidThrough, "guarantee-letter-expired", $"The letter ended on {ValidThrough:yyyy-MM-dd}.");
        MoveTo(LetterStage.Verified);
        (DecidedAt, DecidedBy, NextDueAt) = (now, by, lot.StartOf(ValidThrough.AddDays(1 - WarningDays)));
    }

    public void Refuse(string reason, Guid? by, DateTimeOffset now)
    {
        MoveTo(LetterStage.Refused);
        (DecidedAt, DecidedBy, Refusal) = (now, by, reason);
    }

    public void Release(string reason, DateTimeOffset now)
    {
        MoveTo(LetterStage.Released);
        (ReleasedAt, ReleaseReason, NextDueAt) = (now, reason, null);
    }

    /// <summary>The due moment: first a warning, then the end. True if it has ended.</summary>
    public bool Warn(Lot lot, DateTimeOffset now)
    {
        var end = lot.StartOf(ValidThrough.AddDays(1));
        WarnedAt ??= now;
        if (now < end)
        {
            NextDueAt = end;
            return false;
        }
        (ExpiredAt, NextDueAt) = (now, null);
        return true;
    }

    /// <summary>The issuer is asked to pay the whole or a part to an account of the claim's own.</summary>
    public void Claim(Lot lot, long amount, string decisionNumber, string decisionHash, string account, TreasuryAccount treasury, DateTimeOffset now)
    {
        Rule.Require(amount is > 0 && amount <= Amount, "claim-exceeds-letter", $"Between 1 and {Amount} may be claimed.");
        Rule.Require(lot.DayOf(now) <= ValidThrough, "guarantee-letter-expired", $"The letter ended on {ValidThrough:yyyy-MM-dd}: the issuer owes nothing any more.");
        MoveTo(LetterStage.Claimed);
        (Claimed, DecisionNumber, DecisionHash, ClaimedAt, ClaimAccount, TreasuryAccount, TreasuryName, NextDueAt) = (amount, decisionNumber, decisionHash, now, account, treasury.Number, treasury.Name, null);
    }

    public bool Expects(Payment payment) => Stage == LetterStage.Claimed && payment.Currency == Currency && payment.Amount <= Claimed - Received;

    /// <summary>The issuer's money, or a part of it, has come.</summary>
    public void Receive(long amount)
    {
        Rule.Require(Stage == LetterStage.Claimed && amount <= Claimed - Received, "illegal-move", "More than was claimed cannot be received.");
        Received += amount;
        if (Received == Claimed) MoveTo(LetterStage.Paid);
    }

    private void MoveTo(LetterStage next)
    {
        Rule.Require(Moves.Contains((Stage, next)), "illegal-move", $"A letter that is {Stage} cannot become {next}.");
        Stage = next;
    }
}
