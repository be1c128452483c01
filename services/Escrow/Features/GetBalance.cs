using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain.Camt;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>What one account shows, now or at the end of a day that is over.</summary>
public static class GetBalance
{
    private const int CodeMax = 64;

    /// <summary>Sums of all that was booked until then, in minor units; pending ones are held and not moved.</summary>
    public sealed record Response(string Code, string Name, string Currency, DateOnly? Day, long Debits, long Credits, long PendingDebits, long PendingCredits);

    private sealed record Found(Guid Id, string Name, string Currency);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/accounts/{code}/balance", Handle)
        .AllowRoles(Roles.Finance).ProducesProblem(409).WithSummary("An account's balance")
        .WithDescription("The account by its code in the trial balance (bank:cny), or a sub-account by its number. As of now, or with ?day=YYYY-MM-DD as of that day's end at the bank; a day that is over has one answer for ever.");

    private static async Task<Ok<Response>> Handle(
        [StringLength(CodeMax)] string code, [Range(typeof(DateOnly), CloseDay.DayMin, CloseDay.DayMax)] DateOnly? day, EscrowDb db, BankSettings bank, TimeProvider clock, CancellationToken ct)
    {
        var account = (await db.Database.SqlQuery<Found>($"""select id as "Id", name as "Name", currency as "Currency" from account where code = {code}""").SingleOrDefaultAsync(ct)).Or404("account");
        var ends = day is { } of ? CamtChecks.Begin(of.AddDays(1), bank.Zone) : (DateTimeOffset?)null;
        Rule.Require(ends is null || ends <= clock.GetUtcNow(), "day-not-over", $"The day ends at {ends:u}: leave it out to see the balance as of now.");
        var balances = ends is { } before ? await Balances.AsOfAsync(db, [account.Id], before, ct) : await Balances.NowAsync(db, [account.Id], ct);
        var balance = balances[account.Id];
        return TypedResults.Ok(new Response(code, account.Name, account.Currency, day, balance.Debits, balance.Credits, balance.PendingDebits, balance.PendingCredits));
    }
}
