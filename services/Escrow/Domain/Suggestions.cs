using System.Globalization;
using System.Text.RegularExpressions;
using Tendering.Escrow.Domain.Camt;

namespace Tendering.Escrow.Domain;

/// <summary>What may have been meant, and why we think so. A suggestion books nothing.</summary>
/// <param name="Target">The sub-account, the letter, the order or the other item.</param>
public sealed record Suggestion(Resolution Resolution, Guid? Target, string Reason);

/// <summary>A bidder that still owes a deposit, as far as a suggestion needs it.</summary>
public sealed record Debtor(Guid SubAccountId, string Number, string BidderName, string? BasicAccount, long Deposit, string Currency);

/// <summary>What an item of the work list may be, the surest first, each with its reason.</summary>
public static partial class Suggestions
{
    public static IReadOnlyList<Suggestion> For(WorkItem item, BankEntry entry, IEnumerable<Debtor> debtors, IEnumerable<GuaranteeLetter> claims, IEnumerable<PaymentOrder> orders, IEnumerable<WorkItem> others) =>
        [.. (item.IsCredit ? ForCredit(item, entry, debtors, claims) : ForDebit(item, entry, orders)).Concat(Offsets(item, others))];

    /// <summary>The virtual account numbers that a text of the payer's holds.</summary>
    public static IEnumerable<string> NumbersIn(string? text) => Digits().Matches((text ?? "").Replace(" ", "", StringComparison.Ordinal)).Select(m => m.Value).Where(VirtualAccountNumber.IsValid).Distinct();

    private static IEnumerable<Suggestion> ForCredit(WorkItem item, BankEntry entry, IEnumerable<Debtor> debtors, IEnumerable<GuaranteeLetter> claims)
    {
        if (item.IsOwed)
        {
            yield return new Suggestion(Resolution.SendBack, item.OrderId, "A payment of ours came back: pay again, to the account that the payee names in writing.");
            yield break;
        }
        var numbers = NumbersIn(entry.Remittance).Append(entry.AccountNumber).ToHashSet();
        foreach (var debtor in debtors.Where(d => d.Currency == item.Currency))
        {
            var reasons = new List<string>();
            if (numbers.Contains(debtor.Number)) reasons.Add(entry.AccountNumber == debtor.Number ? "paid to its virtual account" : "its virtual account is in the payer's text");
            if (debtor.BasicAccount is { } basic && entry.CounterpartyAccount.Length > 0 && CamtChecks.Plain(basic) == CamtChecks.Plain(entry.CounterpartyAccount)) reasons.Add("paid from its basic account");
            if (reasons.Count > 0 && debtor.Deposit == item.Amount) yield return new Suggestion(Resolution.Assign, debtor.SubAccountId, $"{debtor.BidderName}: {string.Join(", ", reasons)}, and it is exactly the deposit.");
            else if (reasons.Count > 0) yield return new Suggestion(Resolution.SendBack, debtor.SubAccountId, $"{debtor.BidderName}: {string.Join(", ", reasons)}, but its deposit is {MinorUnits.Text(debtor.Deposit, debtor.Currency)}.");
        }
        foreach (var letter in claims.Where(l => l.Currency == item.Currency && item.Amount <= l.Claimed - l.Received))
        {
            var reasons = new List<string>();
            if (numbers.Contains(letter.ClaimAccount!)) reasons.Add(entry.AccountNumber == letter.ClaimAccount ? "paid to the claim's account" : "the claim's account is in the payer's text");
            if (entry.CounterpartyName == letter.IssuerName) reasons.Add("paid by the issuer");
            if (reasons.Count > 0) yield return new Suggestion(Resolution.Assign, letter.Id, $"Claim on letter {letter.Number} of {letter.IssuerName}, account {letter.ClaimAccount}: {string.Join(", ", reasons)}, and it is not more than is outstanding.");
        }
        if (IsInterest(entry)) yield return new Suggestion(Resolution.Interest, null, "The entry reads like interest of the bank.");
        if (entry.CounterpartyAccount.Length > 0) yield return new Suggestion(Resolution.SendBack, null, "The sender's account is known.");
    }

    private static IEnumerable<Suggestion> ForDebit(WorkItem item, BankEntry entry, IEnumerable<PaymentOrder> orders)
    {
        if (item.Code == "receipt-reversed") yield return new Suggestion(Resolution.Undo, item.SubAccountId, "The receipt that the bank took back had been booked for this bidder.");
        foreach (var order in orders.Where(o => o.Stage == PaymentOrderStage.Ordered && o.Amount == item.Amount && o.Currency == item.Currency))
            if (CamtChecks.Plain(order.ToAccount) == CamtChecks.Plain(entry.CounterpartyAccount)) yield return new Suggestion(Resolution.Confirm, order.Id, $"An order of the same amount to the same account waits since {order.OrderedAt.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}.");
            else if (order.ToName == entry.CounterpartyName) yield return new Suggestion(Resolution.Confirm, order.Id, $"An order of the same amount to {order.ToName} waits, for another account: ask the bank.");
        if (entry.CounterpartyAccount.Length == 0) yield return new Suggestion(Resolution.Fee, null, "It names no payee: fees of the bank do not.");
    }

    private static IEnumerable<Suggestion> Offsets(WorkItem item, IEnumerable<WorkItem> others) => others
        .Where(o => !item.IsOwed && !o.IsOwed && o.Id != item.Id && o.Stage == WorkItemStage.Open && o.IsCredit != item.IsCredit && o.Amount == item.Amount && o.Currency == item.Currency)
        .Select(o => new Suggestion(Resolution.Offset, o.Id, o.OrderId is { } order && order == item.OrderId ? "Another item of the same order undoes it." : "Another item of the same amount undoes it, if they belong together."));

    private static bool IsInterest(BankEntry entry) =>
        entry.CounterpartyAccount.Length == 0 && entry.Remittance is { } text && (text.Contains("利息", StringComparison.Ordinal) || text.Contains("结息", StringComparison.Ordinal) || text.Contains("interest", StringComparison.OrdinalIgnoreCase));

    [GeneratedRegex("(?<![0-9])[0-9]{16}(?![0-9])")]
    private static partial Regex Digits();
}
