using System.Globalization;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Domain.Camt;

/// <summary>An entry with its movements; only those that are booked have any.</summary>
public sealed record CheckedEntry(string Where, CamtStatus Status, string? Reference, long Amount, string Currency, bool IsCredit, IReadOnlyList<BankLine> Lines);

/// <summary>A statement whose sums run. Balances in minor units, below 0 where overdrawn; null in a notification.</summary>
public sealed record CheckedPart(string Id, string Currency, long? Opening, long? Closing, DateOnly? OpeningDay, DateOnly? Day, IReadOnlyList<CheckedEntry> Entries);

/// <summary>What must be true of a file before anything of it is booked. The first thing that is not refuses the whole file by name.</summary>
public static class CamtChecks
{
    private static readonly TimeSpan SkewMax = TimeSpan.FromMinutes(5);

    public static IReadOnlyList<CheckedPart> Require(CamtFile file, string account, TimeZoneInfo zone, DateTimeOffset now)
    {
        RequireWhole(file.Pages, "GrpHdr");
        Rule.Require(file.CreatedAt <= now + SkewMax, "created-in-future", $"The file says that it was made at {file.CreatedAt:O}, which is to come. Nothing was booked.");
        var parts = file.Parts.Select((p, n) => Part(file, p, $"{(file.Kind == CamtKind.Statement ? "Stmt" : "Ntfctn")}[{n + 1}]", account, zone, now)).ToArray();
        RequireDistinct(parts.SelectMany(p => p.Entries));
        return parts;
    }

    private static CheckedPart Part(CamtFile file, CamtPart part, string where, string account, TimeZoneInfo zone, DateTimeOffset now)
    {
        RequireWhole(part.Pages, where);
        Rule.Require(Plain(part.Account) == Plain(account), "unknown-bank-account", $"{where}: the account {part.Account} is not the escrow account. Nothing was booked.");
        var currency = part.Currency ?? part.Balances.Select(b => b.Amount.Currency).Concat(part.Entries.Select(e => e.Amount.Currency)).FirstOrDefault()
            ?? throw new MalformedException($"{where}/Acct/Ccy", "The currency of the account is told nowhere.");
        foreach (var balance in part.Balances.Where(b => b.Code is "OPBD" or "PRCD" or "CLBD")) RequireCurrency(balance.Amount, currency, $"{where}/Bal {balance.Code}");

        var (opening, closing) = file.Kind == CamtKind.Statement ? Balances(part, where, now, zone) : (null, null);
        var entries = part.Entries.Select(e => Entry(file, e, $"{where}/Ntry[{e.Number}]", currency, closing?.Date.Day, zone, now)).ToArray();
        RequireTotals(part, where, currency, entries);
        var checkedPart = new CheckedPart(part.Id, currency, Minor(opening, where), Minor(closing, where), opening?.Date.Day, closing?.Date.Day, entries);
        RequireRunning(checkedPart, where);
        return checkedPart;
    }

    private static (CamtBalance Opening, CamtBalance Closing) Balances(CamtPart part, string where, DateTimeOffset now, TimeZoneInfo zone)
    {
        var (opening, closing) = (One("OPBD") ?? One("PRCD"), One("CLBD"));
        if (opening is null || closing is null) throw new MalformedException($"{where}/Bal", "A statement needs its opening (OPBD or PRCD) and its closing balance (CLBD).");
        Rule.Require(closing.Date.Day <= Today(now, zone), "booking-date-in-future", $"{where}: the closing balance is of {Text(closing.Date.Day)}, which is to come. Nothing was booked.");
        Rule.Require(opening.Date.Day <= closing.Date.Day, "statement-totals-wrong", $"{where}: the opening balance is of a later day than the closing one. Nothing was booked.");
        return (opening, closing);

        CamtBalance? One(string code)
        {
            var found = part.Balances.Where(b => b.Code == code).ToArray();
            return found.Length <= 1 ? found.SingleOrDefault() : throw new MalformedException($"{where}/Bal", $"There is more than one {code}.");
        }
    }

    private static CheckedEntry Entry(CamtFile file, CamtEntry entry, string where, string currency, DateOnly? closing, TimeZoneInfo zone, DateTimeOffset now)
    {
        RequireCurrency(entry.Amount, currency, where);
        var amount = Positive(entry.Amount, where);
        RequireBatches(entry, where, currency);
        if (entry.Status != CamtStatus.Booked) return new CheckedEntry(where, entry.Status, entry.Reference, amount, currency, entry.IsCredit, []);

        var booking = entry.Booking ?? throw new MalformedException($"{where}/BookgDt", "A booked entry needs its booking date.");
        Rule.Require(booking.Day <= Today(now, zone) && (booking.Moment ?? now) <= now + SkewMax, "booking-date-in-future", $"{where}: booked on {Text(booking.Day)}, which is to come. Nothing was booked.");
        Rule.Require(closing is null || booking.Day <= closing, "entry-outside-statement", $"{where}: booked on {Text(booking.Day)}, after the day of the closing balance. Nothing was booked.");
        var reference = entry.Reference ?? entry.Details.Select(d => d.Reference).FirstOrDefault(r => r is not null);
        Rule.Require(reference is not null, "entry-without-reference", $"{where}: without the bank's reference (AcctSvcrRef) it cannot be told from another: ask the bank to give one. Nothing was booked.");
        return new CheckedEntry(where, entry.Status, reference, amount, currency, entry.IsCredit, [.. Lines(file, entry, where, reference!, amount, booking, zone)]);
    }

    private static IEnumerable<BankLine> Lines(CamtFile file, CamtEntry entry, string where, string reference, long amount, CamtDate booking, TimeZoneInfo zone)
    {
        // Several transactions without an amount each are one sum of which nobody knows the parts.
        var isWhole = entry.Details.Count <= 1 || entry.Details.All(d => d.Amount is not null);
        var details = isWhole && entry.Details.Count > 0 ? entry.Details : [new CamtDetail(null, null, null, null, null, null, null, null, null, null)];
        var begin = Begin(booking.Day, zone);
        var end = Begin(booking.Day.AddDays(1), zone).AddMicroseconds(-1);
        var bookedAt = booking.Moment ?? BankTime.Of(file.CreatedAt < end && file.CreatedAt >= begin ? file.CreatedAt : end);
        for (var n = 0; n < details.Count; n++)
        {
            var detail = details[n];
            var isCredit = detail.IsCredit ?? entry.IsCredit;
            yield return new BankLine(
                where, detail.Reference ?? (details.Count == 1 ? reference : $"{reference}/{n + 1}"), reference, entry.IsCredit ? amount : -amount, detail.Amount is { } part && details.Count > 1 ? Positive(part, $"{where}/TxDtls[{n + 1}]") : amount,
                entry.Amount.Currency, isCredit, entry.IsReversal, bookedAt, booking.Moment ?? begin, booking.Day, entry.Value?.Day, isCredit ? detail.CreditorAccount : detail.DebtorAccount,
                isCredit ? detail.DebtorAccount : detail.CreditorAccount, isCredit ? detail.DebtorName : detail.CreditorName, detail.EndToEndId, detail.Remittance ?? entry.Information, detail.ReturnReason,
                entry.Code, isWhole);
        }
    }

    // What the bank says of the parts of an entry must make the entry.
    private static void RequireBatches(CamtEntry entry, string where, string currency)
    {
        foreach (var detail in entry.Details) if (detail.Amount is { } part) RequireCurrency(part, currency, $"{where}/TxDtls");
        if (entry.Details.Count > 0 && entry.Details.All(d => d.Amount is not null))
        {
            var sum = entry.Details.Sum(d => (d.IsCredit ?? entry.IsCredit) == entry.IsCredit ? d.Amount!.Value.Value : -d.Amount!.Value.Value);
            Rule.Require(sum == entry.Amount.Value, "batch-totals-wrong", string.Create(CultureInfo.InvariantCulture, $"{where}: its transactions come to {sum}, the entry to {entry.Amount.Value}. Nothing was booked."));
        }
        foreach (var batch in entry.Batches)
        {
            Rule.Require(batch.Count is not { } count || batch.Details == 0 || count == batch.Details, "batch-totals-wrong", $"{where}: the batch says {batch.Count} transactions and holds {batch.Details}. Nothing was booked.");
            if (batch.Total is not { } total || entry.Batches.Count > 1) continue;
            RequireCurrency(total, currency, $"{where}/Btch");
            Rule.Require(total.Value == entry.Amount.Value, "batch-totals-wrong", string.Create(CultureInfo.InvariantCulture, $"{where}: the batch says {total.Value}, the entry {entry.Amount.Value}. Nothing was booked."));
        }
    }

    private static void RequireTotals(CamtPart part, string where, string currency, CheckedEntry[] entries)
    {
        if (part.Totals is not { } totals) return;
        var signed = part.Entries.Select(e => e.IsCredit ? e.Amount.Value : -e.Amount.Value).ToArray();
        Same(totals.All?.Count, signed.Length, "TtlNtries/NbOfNtries");
        Same(totals.All?.Sum, signed.Sum(Math.Abs), "TtlNtries/Sum");
        Same(totals.Net, signed.Sum(), "TtlNtries, the net amount");
        Same(totals.Credits?.Count, signed.Count(a => a > 0), "TtlCdtNtries/NbOfNtries");
        Same(totals.Credits?.Sum, signed.Where(a => a > 0).Sum(), "TtlCdtNtries/Sum");
        Same(totals.Debits?.Count, signed.Count(a => a < 0), "TtlDbtNtries/NbOfNtries");
        Same(totals.Debits?.Sum, -signed.Where(a => a < 0).Sum(), "TtlDbtNtries/Sum");

        void Same(decimal? told, decimal found, string what) => Rule.Require(told is null || told == found, "summary-wrong",
            string.Create(CultureInfo.InvariantCulture, $"{where}/TxsSummry/{what}: the bank says {told}, the entries make {found} ({currency}, {entries.Length} entries). Nothing was booked."));
    }

    private static void RequireRunning(CheckedPart part, string where)
    {
        if (part.Opening is not { } opening || part.Closing is not { } closing) return;
        var moved = part.Entries.Where(e => e.Status == CamtStatus.Booked).Aggregate(Int128.Zero, (sum, e) => sum + (e.IsCredit ? e.Amount : -e.Amount));
        Rule.Require(opening + moved == closing, "statement-totals-wrong",
            $"{where}: opening {MinorUnits.Text(opening, part.Currency)} and booked entries {MinorUnits.Text((long)moved, part.Currency)} make {MinorUnits.Text((long)(opening + moved), part.Currency)}, the closing balance is {MinorUnits.Text(closing, part.Currency)}. Nothing was booked.");
    }

    // One reference twice within a file is two entries under one name, whatever they say.
    private static void RequireDistinct(IEnumerable<CheckedEntry> entries)
    {
        var (seen, lines) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        foreach (var entry in entries.Where(e => e.Lines.Count > 0))
        {
            Rule.Require(seen.Add(entry.Reference!), "bank-reference-reused", $"{entry.Where}: the reference {entry.Reference} stands at another entry of this file too. Nothing was booked.");
            foreach (var line in entry.Lines) Rule.Require(lines.Add(line.Reference), "bank-reference-reused", $"{entry.Where}: the reference {line.Reference} stands at another transaction of this file too. Nothing was booked.");
        }
    }

    private static void RequireWhole(CamtPages? pages, string where) =>
        Rule.Require(pages is null or { Number: 1, IsLast: true }, "statement-paged", $"{where}: page {pages?.Number} of several has no balances that could be checked: ask the bank for whole files. Nothing was booked.");

    private static void RequireCurrency(CamtAmount amount, string currency, string where) =>
        Rule.Require(amount.Currency == currency, "wrong-currency", $"{where}: an amount in {amount.Currency} on an account in {currency}. Nothing was booked.");

    private static long Positive(CamtAmount amount, string where)
    {
        var minor = MinorUnits.Of(amount, where);
        Rule.Require(minor > 0, "amount-zero", $"{where}: an entry of 0 moves nothing. Nothing was booked.");
        return minor;
    }

    private static long? Minor(CamtBalance? balance, string where) => balance is null ? null : MinorUnits.Of(balance.Amount, $"{where}/Bal {balance.Code}");

    /// <summary>Banks print account numbers with spaces.</summary>
    public static string Plain(string account) => account.Replace(" ", "", StringComparison.Ordinal);

    public static DateTimeOffset Begin(DateOnly day, TimeZoneInfo zone)
    {
        var midnight = day.ToDateTime(TimeOnly.MinValue);
        return new DateTimeOffset(midnight, zone.GetUtcOffset(midnight)).ToUniversalTime();
    }

    public static DateOnly Today(DateTimeOffset now, TimeZoneInfo zone) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, zone).DateTime);

    private static string Text(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
