using System.Text;

namespace Tendering.Escrow.Domain;

/// <summary>A payment as the bank tells of it. Amount in minor units of its currency.</summary>
public sealed record Payment(string Reference, string AccountNumber, long Amount, string Currency, string PayerAccount, string PayerName, DateTimeOffset BookedAt)
{
    /// <summary>
    /// What becomes of it; the first ground that applies, in this order. Nothing is guessed: whatever is not exactly the deposit goes back to
    /// its sender, from the sub-account where it is the bidder's money, from suspense where it may be another's.
    /// </summary>
    public Judgement Judge(Lot? lot, SubAccount? bidder, BasicAccount? basic, bool isSecured)
    {
        if (lot is null || bidder?.Number is null || basic is null) return Judgement.Suspend("deposit-unknown-account", "There is no such account: the payment goes back. Ask for the account number again.");
        if (Currency != lot.Currency) return Judgement.Suspend("deposit-wrong-currency", $"The deposit is paid in {lot.Currency}: the payment goes back.");
        if (Plain(PayerAccount) != Plain(basic.Number)) return Judgement.Suspend("deposit-wrong-payer", "The payment did not come from the bidder's registered basic account: it goes back. Pay from that account.");
        if (lot.HasEnded) return Judgement.Refuse("deposit-lot-ended", "The lot has ended and takes no more deposits: the payment goes back.");
        if (BookedAt >= lot.BidDeadline) return Judgement.Refuse("deposit-too-late", $"The deposit was due before {lot.BidDeadline:u}; the bank booked the payment at {BookedAt.ToUniversalTime():u}: it goes back.");
        if (isSecured) return Judgement.Refuse("deposit-paid-twice", "The deposit is secured already: this payment goes back, and nothing more is to be done.");
        if (Amount < lot.Deposit) return Judgement.Refuse("deposit-too-small", "The payment is less than the deposit: it goes back. Pay the exact amount in one payment before the deadline.");
        if (Amount > lot.Deposit) return Judgement.Refuse("deposit-too-large", "The payment is more than the deposit: it goes back. Pay the exact amount in one payment before the deadline.");
        return Judgement.Secured;
    }

    /// <summary>Whether the payer's name is that of the account's holder, whatever spaces, brackets and widths the banks write it with.</summary>
    public bool IsNamedAs(BasicAccount basic) => Letters(PayerName) == Letters(basic.Name);

    private static string Letters(string name) => string.Concat(name.Normalize(NormalizationForm.FormKC).Where(char.IsLetterOrDigit)).ToUpperInvariant();

    // Banks print account numbers with spaces.
    private static string Plain(string account) => account.Replace(" ", "", StringComparison.Ordinal);
}

/// <summary>Listed: nobody but a person may decide, and the money lies in suspense meanwhile.</summary>
public enum Outcome { Secured, Refused, Suspense, Paid, Claim, Listed }

/// <summary>What becomes of an entry; code and reason where it goes back or to a person.</summary>
public sealed record Judgement(Outcome Outcome, string? Code, string? Reason)
{
    public static Judgement Secured { get; } = new(Outcome.Secured, null, null);
    public static Judgement Paid { get; } = new(Outcome.Paid, null, null);

    /// <summary>The issuer of a guarantee letter paid what was claimed.</summary>
    public static Judgement Claim { get; } = new(Outcome.Claim, null, null);

    public static Judgement Refuse(string code, string reason) => new(Outcome.Refused, code, reason);
    public static Judgement Suspend(string code, string reason) => new(Outcome.Suspense, code, reason);
    public static Judgement List(string code, string reason) => new(Outcome.Listed, code, reason) { Ground = code };

    /// <summary>Why it is on the work list: what a person has to decide there.</summary>
    public string? Ground { get; private init; }

    /// <summary>A signed day takes no more: in the next open one a person decides, on what the entry is.</summary>
    public Judgement AfterClose(DateOnly day)
    {
        var late = $"The bank booked it on {day:yyyy-MM-dd}, a day that is signed: it counts in the next open day.";
        return List(LineJudge.DayClosed, Outcome == Outcome.Listed ? $"{Reason} {late}" : late) with { Ground = Ground ?? LineJudge.DayClosed };
    }
}

/// <summary>A movement of the bank's account, in or out, matched once by its reference and kept for ever.</summary>
public sealed class BankEntry
{
    public required string Reference { get; init; }

    /// <summary>Of the entry that this is, or is a part of.</summary>
    public required string EntryReference { get; init; }

    public required Guid FileId { get; init; }

    /// <summary>Money came in.</summary>
    public required bool IsCredit { get; init; }

    public required bool IsReversal { get; init; }

    /// <summary>The virtual account that was paid to, or the account that was paid; empty where the bank does not say.</summary>
    public required string AccountNumber { get; init; }

    public required long Amount { get; init; }
    public required string Currency { get; init; }
    public required string CounterpartyAccount { get; init; }
    public required string CounterpartyName { get; init; }
    public required DateTimeOffset BookedAt { get; init; }

    /// <summary>The bank's day; what counts for statements and the day's close. The value day only bears interest.</summary>
    public required DateOnly BookingDay { get; init; }

    public DateOnly? ValueDay { get; init; }
    public string? EndToEndId { get; init; }
    public string? Remittance { get; init; }
    public required Guid TransferId { get; init; }
    public required Outcome Outcome { get; init; }
    public string? Code { get; init; }
    public Guid? SubAccountId { get; init; }
    public required DateTimeOffset RecordedAt { get; init; }

    public static BankEntry Of(BankLine line, Guid fileId, Guid transferId, Judgement judgement, Guid? subAccountId, DateTimeOffset now) => new()
    {
        Reference = line.Reference, EntryReference = line.EntryReference, FileId = fileId, IsCredit = line.IsCredit, IsReversal = line.IsReversal, Amount = line.Amount, Currency = line.Currency,
        AccountNumber = (line.IsCredit ? line.AccountNumber : line.CounterpartyAccount) ?? "", CounterpartyAccount = line.CounterpartyAccount ?? "", CounterpartyName = line.CounterpartyName ?? "",
        BookedAt = line.BookedAt, BookingDay = line.Day, ValueDay = line.ValueDay, EndToEndId = line.EndToEndId, Remittance = line.Remittance, TransferId = transferId, Outcome = judgement.Outcome,
        Code = judgement.Code, SubAccountId = subAccountId, RecordedAt = now,
    };

    /// <summary>The fields in which a repeat differs. What one file tells and another leaves open is no difference.</summary>
    public IEnumerable<string> DifferencesFrom(BankLine line)
    {
        if (IsCredit != line.IsCredit) yield return "direction";
        if (Amount != line.Amount) yield return "amount";
        if (Currency != line.Currency) yield return "currency";
        if (BookingDay != line.Day) yield return "booking day";
        if (IsReversal != line.IsReversal) yield return "reversal";
        if (Differ(CounterpartyAccount, line.CounterpartyAccount)) yield return "counterparty's account";
        if (IsCredit && Differ(AccountNumber, line.AccountNumber)) yield return "account paid to";
        if (Differ(EndToEndId, line.EndToEndId)) yield return "end-to-end id";
    }

    private static bool Differ(string? known, string? told) => !string.IsNullOrEmpty(known) && !string.IsNullOrEmpty(told) && known != told;
}

/// <summary>The bank's moments as the database keeps them, in whole microseconds: a repeat compares equal.</summary>
public static class BankTime
{
    public static DateTimeOffset Of(DateTimeOffset moment) => new(moment.UtcTicks - moment.UtcTicks % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);
}
