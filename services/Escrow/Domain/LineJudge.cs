namespace Tendering.Escrow.Domain;

/// <summary>What the books know of a line: whose account was paid to, the order it names, the receipt it reverses, and whether its day is signed.</summary>
public sealed record LineFacts(Lot? Lot, SubAccount? Bidder, BasicAccount? Basic, bool IsSecured, PaymentOrder? Order, bool IsPaidTwice, BankEntry? Reversed, GuaranteeLetter? Letter, bool IsDayClosed);

/// <summary>What becomes of a movement of the bank's account; the first that applies. What is not certain is for a person.</summary>
public static class LineJudge
{
    public static Judgement Judge(BankLine line, LineFacts facts)
    {
        var judgement = JudgeContent(line, facts);
        return facts.IsDayClosed ? judgement.AfterClose(line.Day) : judgement;
    }

    private static Judgement JudgeContent(BankLine line, LineFacts facts) =>
        !line.IsWhole ? Judgement.List("batch-not-told-apart", "The entry holds several transactions and does not say the amount of each: nobody can say whose money it is.")
        : line.IsCredit ? JudgeCredit(line, facts) : JudgeDebit(line, facts);

    private static Judgement JudgeCredit(BankLine line, LineFacts facts)
    {
        // A payment of ours that comes back shows its id; a bidder's own ids are no ids of orders.
        if (facts is { Order: not null, IsPaidTwice: true }) return Judgement.List("double-came-back", "It brings back one of two payments of an order that the bank paid twice: they undo each other.");
        if (facts.Order is { } order)
            return order.Stage == PaymentOrderStage.Confirmed && order.Amount == line.Amount && order.Currency == line.Currency
                ? Judgement.List(CameBack, $"The payment to {order.ToName} came back{(line.ReturnReason is { } reason ? $" ({reason})" : "")}: find out why and pay again.")
                : Judgement.List("return-differs", $"It names the order {order.EndToEndId}, which is {order.Stage} and of another state or amount: compare with the bank.");
        if (line.IsReversal) return Judgement.List("reversal-unmatched", "It reverses a payment that the books do not know by its id.");
        if (string.IsNullOrEmpty(line.AccountNumber)) return Judgement.List("no-virtual-account", "The bank does not say to which virtual account it was paid.");
        if (string.IsNullOrEmpty(line.CounterpartyAccount)) return Judgement.List("payer-unknown", "The bank does not say from which account it came: it cannot go back by itself.");

        var payment = PaymentOf(line);
        if (facts.Letter?.Expects(payment) == true) return Judgement.Claim;
        var judgement = payment.Judge(facts.Lot, facts.Bidder, facts.Basic, facts.IsSecured);
        if (judgement.Outcome == Outcome.Suspense) return judgement;
        if (!payment.IsNamedAs(facts.Basic!)) return Judgement.List("payer-name-differs", "It came from the number of the registered basic account, under another name: ask the bank who paid.");
        var isBetween = line.BookedFrom < facts.Lot!.BidDeadline && line.BookedAt >= facts.Lot.BidDeadline;
        return isBetween && judgement.Code == "deposit-too-late"
            ? Judgement.List("booking-time-unknown", "The bank tells only the day, which is that of the deadline: ask it at what time the payment was booked.")
            : judgement;
    }

    public const string CameBack = "payment-came-back", PaidTwice = "order-paid-twice", DayClosed = "day-closed";

    private static Judgement JudgeDebit(BankLine line, LineFacts facts)
    {
        if (line.IsReversal)
            return facts.Reversed is null ? Judgement.List("reversal-unmatched", "It takes back a receipt that the books do not know by its id.")
                : Judgement.List("receipt-reversed", $"The bank took back the receipt {facts.Reversed.Reference}: the money is not there.");
        if (facts.Order is not { } order) return Judgement.List("debit-unknown", "It names no payment order: a fee, or a payment that nobody ordered.");
        if (order.Stage != PaymentOrderStage.Ordered) return Judgement.List(PaidTwice, $"The order {order.EndToEndId} was {order.Stage} before: the bank paid it again.");
        var differences = Differences(line, order).ToArray();
        return differences.Length == 0 ? Judgement.Paid : Judgement.List("order-differs", $"It names the order {order.EndToEndId}, but another {string.Join(", ", differences)}.");
    }

    private static IEnumerable<string> Differences(BankLine line, PaymentOrder order)
    {
        if (line.Amount != order.Amount) yield return "amount";
        if (line.Currency != order.Currency) yield return "currency";
        if (line.CounterpartyAccount is { } account && Camt.CamtChecks.Plain(account) != Camt.CamtChecks.Plain(order.ToAccount)) yield return "account";
    }

    public static Payment PaymentOf(BankLine line) =>
        new(line.Reference, line.AccountNumber ?? "", line.Amount, line.Currency, line.CounterpartyAccount ?? "", line.CounterpartyName ?? "", line.BookedAt);
}
