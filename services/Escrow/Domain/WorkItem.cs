using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Domain;

public enum WorkItemStage { Open, Resolved }

/// <summary>What became of a work item, by a person and a document.</summary>
public enum Resolution
{
    /// <summary>A credit is a bidder's deposit after all, or pays the claim on a guarantee letter.</summary>
    Assign,

    /// <summary>A credit goes back to its sender; one that came back is paid anew.</summary>
    SendBack,

    /// <summary>A credit is interest that the bank paid.</summary>
    Interest,

    /// <summary>A debit is a fee that the bank took.</summary>
    Fee,

    /// <summary>A debit is the payment of an order that did not show it by its id.</summary>
    Confirm,

    /// <summary>A credit and a debit of one sum that undo each other.</summary>
    Offset,

    /// <summary>A receipt that the bank took back is taken from the bidder: its deposit is no longer secured.</summary>
    Undo,
}

/// <summary>An entry of the bank that nobody but a person may decide on. Its money lies in suspense meanwhile: in, or missing.</summary>
public sealed class WorkItem
{
    public Guid Id { get; private init; } = Guid.CreateVersion7();
    public long Sequence { get; private init; }
    public required string Reference { get; init; }
    public required string Code { get; init; }
    public required string Reason { get; init; }
    public required bool IsCredit { get; init; }
    public required long Amount { get; init; }
    public required string Currency { get; init; }
    public required DateOnly BookingDay { get; init; }

    /// <summary>The order that it concerns, if the entry names one.</summary>
    public Guid? OrderId { get; init; }

    public Guid? SubAccountId { get; init; }
    public required DateTimeOffset OpenedAt { get; init; }
    public WorkItemStage Stage { get; private set; } = WorkItemStage.Open;
    public Resolution? Resolution { get; private set; }
    public string? DocumentNumber { get; private set; }

    /// <summary>SHA-256 of the document, if it was given.</summary>
    public string? DocumentHash { get; private set; }

    public DateTimeOffset? ResolvedAt { get; private set; }
    public Guid? ResolvedBy { get; private set; }

    /// <summary>A payment of ours that came back: its payee is owed it, and nothing else can become of it.</summary>
    public bool IsOwed => Code == LineJudge.CameBack;

    public static WorkItem Of(BankLine line, Judgement judgement, Guid? orderId, Guid? subAccountId, DateTimeOffset now) => new()
    {
        Reference = line.Reference, Code = judgement.Ground!, Reason = judgement.Reason!, IsCredit = line.IsCredit, Amount = line.Amount, Currency = line.Currency, BookingDay = line.Day,
        OrderId = orderId, SubAccountId = subAccountId, OpenedAt = now,
    };

    public void Resolve(Resolution resolution, string documentNumber, string? documentHash, Guid person, DateTimeOffset now)
    {
        Rule.Require(Stage == WorkItemStage.Open, "work-item-resolved", $"This was resolved already, as {Resolution}: nothing was booked.");
        var isForCredits = resolution is Domain.Resolution.Assign or Domain.Resolution.SendBack or Domain.Resolution.Interest;
        Rule.Require(resolution == Domain.Resolution.Offset || isForCredits == IsCredit, "resolution-wrong-direction", $"{resolution} is for money that {(isForCredits ? "came in" : "went out")}.");
        Rule.Require(!IsOwed || resolution == Domain.Resolution.SendBack, "payment-owed", "A payment that came back is owed to its payee: pay it again (send-back), to a corrected account if need be.");
        (Stage, Resolution, DocumentNumber, DocumentHash, ResolvedBy, ResolvedAt) = (WorkItemStage.Resolved, resolution, documentNumber, documentHash, person, now);
    }
}
