using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Contracts.Escrow;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Escrow.Domain.Camt;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>Finance signs a day: from then on it takes no more entries, which the database sees to. Days are signed in their order.</summary>
public static class CloseDay
{
    /// <summary>Days beyond have no day before or after, wherever the bank is.</summary>
    public const string DayMin = "1900-01-01", DayMax = "9998-12-31";

    /// <param name="ReportHash">Of the reconciliation that was read: if anything has changed since, nothing is signed.</param>
    public sealed record Request([property: RegularExpression("^[A-Z]{3}$")] string Currency, [property: RegularExpression("^[0-9a-f]{64}$")] string ReportHash);

    public sealed record Response(string Currency, DateOnly Day, long Closing, string ReportHash, DateTimeOffset ClosedAt);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/days/{day}/close", Handle)
        .AllowRoles(Roles.Finance).Idempotent<EscrowDb>().DisableHttpMetrics().WithSummary("Sign a day's close")
        .WithDescription("When the day is over, all days before it are signed, its statement is here and nothing of it differs. The signer names the hash of the report it has read, and has resolved nothing of this day itself.");

    private static async Task<Created<Response>> Handle([Range(typeof(DateOnly), DayMin, DayMax)] DateOnly day, Request request, Caller caller, EscrowDb db, BankSettings bank, TimeProvider clock, CancellationToken ct)
    {
        var (now, ends) = (clock.GetUtcNow(), CamtChecks.Begin(day.AddDays(1), bank.Zone));
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock({Clerk.DayLock})", ct);
        Rule.Require(now >= ends, "day-not-over", $"The day ends at {ends:u}: sign it then.");
        var last = await db.DayCloses.Where(c => c.Currency == request.Currency).MaxAsync(c => (DateOnly?)c.Day, ct) ?? DateOnly.MinValue;
        Rule.Require(day > last, "day-closed", $"The days up to {last:yyyy-MM-dd} are signed.");
        var open = await db.BankEntries.Where(e => e.Currency == request.Currency && e.BookingDay > last && e.BookingDay < day).MinAsync(e => (DateOnly?)e.BookingDay, ct);
        Rule.Require(open is null, "earlier-day-open", $"Sign {open:yyyy-MM-dd} first: days are signed in their order.");

        var reconciliation = await GetReconciliation.AskAsync(db, request.Currency, day, ct);
        Rule.Require(reconciliation.MayBeSigned, "day-differs", $"The day cannot be signed: {string.Join(", ", reconciliation.Report.Differences.Where(d => d.Blocks).Select(d => d.Code).Distinct())}. Read the reconciliation.");
        Rule.Require(reconciliation.Hash == request.ReportHash, "report-changed", "The report has changed since it was read: read it again.");
        // Who decides on a matter does not also check it.
        Rule.Require(!await db.WorkItems.AnyAsync(i => i.Currency == request.Currency && i.BookingDay > last && i.BookingDay <= day && i.ResolvedBy == caller.Person, ct), "second-person-needed",
            "You resolved an entry of this day: somebody else signs it.");

        var close = new DayClose
        {
            Currency = request.Currency, Day = day, EndsAt = ends, Closing = reconciliation.Report.Ledger, Report = GetReconciliation.Text(reconciliation.Report), ReportHash = reconciliation.Hash, ClosedAt = now,
            ClosedBy = caller.Person,
        };
        db.Add(close);
        db.Publish(new DayClosed(close.Currency, close.Day, close.ReportHash, now), now);
        await db.SaveChangesAsync(ct);
        return TypedResults.Created((string?)null, new Response(close.Currency, close.Day, close.Closing, close.ReportHash, now));
    }
}
