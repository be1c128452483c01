using System.Globalization;

namespace Tendering.Escrow.Domain;

/// <summary>A report as a table, whatever it is written as. A row has a cell for each column.</summary>
public sealed record ReportTable(string Chinese, string English, IReadOnlyList<ReportFact> Facts, IReadOnlyList<ReportColumn> Columns, IReadOnlyList<ReportCell[]> Rows);

/// <summary>What holds for the whole table: stands above it on the page.</summary>
public sealed record ReportFact(string Chinese, string English, string Value);

public sealed record ReportColumn(string Chinese, string English);

/// <summary>One value: <paramref name="Plain"/> for programs, <paramref name="Shown"/> for people. A number needs no guard against spreadsheets.</summary>
public readonly record struct ReportCell(string Plain, string Shown, bool IsNumber = false)
{
    // The escrow account is kept in one place, whatever the rule set of a tender.
    private static readonly TimeZoneInfo Zone = TimeZoneInfo.FindSystemTimeZoneById("Asia/Shanghai");

    public static ReportCell Empty { get; } = new("", "");

    public static ReportCell Text(string? text) => new(text ?? "", text ?? "");

    /// <summary>A code as it is for programs, and in words for people.</summary>
    public static ReportCell Code(string? code) => code is null ? Empty : new(code, Words.Of(code));

    public static ReportCell Day(DateOnly? day) => day is { } of ? Text(of.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)) : Empty;

    /// <summary>Minor units.</summary>
    public static ReportCell Amount(long minor, string currency) => new(Amounts.Plain(minor, currency), Amounts.Text(minor, currency), IsNumber: true);

    public static ReportCell Count(long count) => new(count.ToString(CultureInfo.InvariantCulture), count.ToString("N0", CultureInfo.InvariantCulture), IsNumber: true);

    public static ReportCell Moment(DateTimeOffset? moment) => moment is { } at ? Text(TextOf(at)) : Empty;

    public static string TextOf(DateTimeOffset moment) => TimeZoneInfo.ConvertTime(moment, Zone).ToString("yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture);
}
