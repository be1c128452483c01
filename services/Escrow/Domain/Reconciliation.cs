using Tendering.Escrow.Domain.Camt;

namespace Tendering.Escrow.Domain;

/// <summary>A statement of the bank, as a day's reconciliation needs it.</summary>
public sealed record StatedDay(string Number, long Opening, long Closing);

/// <summary>An entry of the bank in the books; <paramref name="IsStated"/>: a statement shows it.</summary>
public sealed record DayEntry(string Reference, bool IsCredit, long Amount, DateTimeOffset BookedAt, DateOnly? ValueDay, string CounterpartyAccount, string CounterpartyName, Outcome Outcome, string? Code, bool IsStated);

/// <summary>What does not match, or waits. <paramref name="Blocks"/>: the day cannot be signed before it is cleared. Amount in minor units, 0 where there is none.</summary>
public sealed record Difference(string Code, bool Blocks, string Subject, long Amount, string Text);

/// <summary>What lies open at the day's end.</summary>
public sealed record OpenPoint(string Code, string Subject, bool IsCredit, long Amount, string Text);

/// <summary>
/// The bank's day against the books: its statement, our entries, and what differs. Balances in minor units; <paramref name="Ledger"/> is what the
/// books say the bank holds at the day's end, by the bank's own booking days.
/// </summary>
public sealed record Reconciliation(
    string Currency, DateOnly Day, StatedDay[] Statements, long? Opening, long? Closing, long Ledger, int Receipts, long Received, int Payments, long Paid, Difference[] Differences, OpenPoint[] Open, DayEntry[] Entries)
{
    public bool MayBeSigned => !Differences.Any(d => d.Blocks);

    /// <summary>Lists what differs; nothing is guessed and nothing corrected.</summary>
    public static Reconciliation Of(string currency, DateOnly day, IReadOnlyList<StatedDay> statements, long? closedBefore, long ledger, IReadOnlyList<DayEntry> entries, IEnumerable<OpenPoint> open)
    {
        var (opening, closing) = (statements.Count == 0 ? null : (long?)statements[0].Opening, statements.Count == 0 ? null : (long?)statements[^1].Closing);
        return new Reconciliation(currency, day, [.. statements], opening, closing, ledger, entries.Count(e => e.IsCredit), entries.Where(e => e.IsCredit).Sum(e => e.Amount),
            entries.Count(e => !e.IsCredit), entries.Where(e => !e.IsCredit).Sum(e => e.Amount), [.. Differ(currency, statements, closedBefore, ledger, entries)], [.. open], [.. entries]);
    }

    private static IEnumerable<Difference> Differ(string currency, IReadOnlyList<StatedDay> statements, long? closedBefore, long ledger, IReadOnlyList<DayEntry> entries)
    {
        if (statements.Count == 0) yield return new Difference("statement-missing", true, "", 0, "The bank's statement of this day has not been imported.");
        var before = closedBefore;
        foreach (var statement in statements)
        {
            if (before is { } closing && statement.Opening != closing)
                yield return new Difference("statement-gap", true, statement.Number, statement.Opening - closing, $"It opens with {Text(statement.Opening)}, and the statement before closed with {Text(closing)}: one is missing.");
            before = statement.Closing;
        }
        if (statements.Count > 0 && statements[^1].Closing != ledger)
            yield return new Difference("balance-differs", true, statements[^1].Number, statements[^1].Closing - ledger, $"The bank closes with {Text(statements[^1].Closing)}, the books with {Text(ledger)}.");
        foreach (var entry in statements.Count > 0 ? entries.Where(e => !e.IsStated) : [])
            yield return new Difference("entry-not-stated", true, entry.Reference, entry.IsCredit ? entry.Amount : -entry.Amount, "A notification told of it, and no statement shows it: ask the bank.");
        foreach (var entry in entries.Where(e => e.Code == LineJudge.DayClosed))
            yield return new Difference("entry-after-close", false, entry.Reference, entry.IsCredit ? entry.Amount : -entry.Amount, "The bank told of it when the day was signed.");

        string Text(long minor) => MinorUnits.Text(minor, currency);
    }

    public ReportTable Table(string? signedHash) => new("银行对账单核对", "Daily reconciliation",
        [
            new("日期", "Day", Day.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture)), new("币种", "Currency", Currency), new("银行期初余额", "Bank opens with", Balance(Opening)),
            new("银行期末余额", "Bank closes with", Balance(Closing)), new("账面余额", "The books say", MinorUnits.Text(Ledger, Currency)),
            new("收入", "Receipts", $"{Receipts}: {MinorUnits.Text(Received, Currency)}"), new("支出", "Payments", $"{Payments}: {MinorUnits.Text(Paid, Currency)}"),
            new("差异", "Differences", Differences.Length == 0 ? "无 none" : Differences.Length.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            new("日结签字", "Signed", signedHash ?? "未签字 not signed"),
        ],
        [new("类别", "Kind"), new("代码", "Code"), new("参考号", "Reference"), new("金额", "Amount"), new("记账时间", "Booked at"), new("起息日", "Value day"), new("对方", "Counterparty"), new("说明", "Text")],
        [
            .. Differences.Select(d => new[] { Cell(d.Blocks ? "差异 difference" : "提示 note"), Cell(d.Code), Cell(d.Subject), ReportCell.Amount(d.Amount, Currency), ReportCell.Empty, ReportCell.Empty, ReportCell.Empty, Cell(d.Text) }),
            .. Open.Select(o => new[] { Cell("待处理 open"), Cell(o.Code), Cell(o.Subject), ReportCell.Amount(o.IsCredit ? o.Amount : -o.Amount, Currency), ReportCell.Empty, ReportCell.Empty, ReportCell.Empty, Cell(o.Text) }),
            .. Entries.Select(e => new[]
            {
                Cell(e.IsStated ? "分录 entry" : "未列入对账单 not stated"), Cell(e.Code ?? e.Outcome.ToString()), Cell(e.Reference), ReportCell.Amount(e.IsCredit ? e.Amount : -e.Amount, Currency), ReportCell.Moment(e.BookedAt),
                Cell(e.ValueDay?.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture)), Cell($"{e.CounterpartyName} {e.CounterpartyAccount}".Trim()), ReportCell.Empty,
            }),
        ]);

    private string Balance(long? minor) => minor is { } known ? MinorUnits.Text(known, Currency) : "—";

    private static ReportCell Cell(string? text) => ReportCell.Text(text);
}
