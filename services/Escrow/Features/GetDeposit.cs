using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>A bidder's own deposit for a lot, with every movement of its sub-account.</summary>
public static class GetDeposit
{
    public const int StatementMax = 500;

    public enum DepositState { None, Refused, Secured, Released, Refunded, Forfeited }

    /// <summary>Amounts in minor units. <paramref name="Code"/> says why the last payment was refused.</summary>
    public sealed record Response(DepositState State, string? Code, long Amount, long Refunded, long Forfeited, string Currency, DateTimeOffset? RefundDueBy, Line[] Statement);

    /// <summary>A movement: <paramref name="Code"/> says what for; money came in (<c>IsCredit</c>) or left, or was held or freed (<c>Held</c> above or below 0).</summary>
    public sealed record Line(DateTimeOffset At, string Code, long Amount, long Held, bool IsCredit, string Reference);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/lots/{lotId:guid}/deposit", Handle)
        .AllowRoles(Roles.Bidder).DisableHttpMetrics().WithSummary("The own deposit for a lot and its statement");

    private static async Task<Ok<Response>> Handle(Guid lotId, Caller caller, EscrowDb db, CancellationToken ct)
    {
        var bidder = (await db.SubAccounts.AsNoTracking().SingleOrDefaultAsync(s => s.LotId == lotId && s.BidderId == caller.Organisation, ct)).Or404("deposit");
        var lot = (await db.Lots.AsNoTracking().SingleOrDefaultAsync(l => l.Id == lotId, ct)).Or404("deposit");
        var deposits = await db.Deposits.AsNoTracking().Where(d => d.SubAccountId == bidder.Id).OrderBy(d => d.Id).ToListAsync(ct);
        var last = await db.BankEntries.AsNoTracking().Where(e => e.SubAccountId == bidder.Id).OrderByDescending(e => e.RecordedAt).FirstOrDefaultAsync(ct);
        var current = deposits.Find(d => d.Stage == DepositStage.Secured) ?? deposits.LastOrDefault();
        var statement = await db.Database.SqlQuery<Line>($"""
            select booked_at as "At", code as "Code", posted as "Amount", held as "Held", credit_account = {bidder.Id} as "IsCredit", reference as "Reference"
            from transfer where debit_account = {bidder.Id} or credit_account = {bidder.Id} order by position limit {StatementMax}
            """).ToArrayAsync(ct);
        return TypedResults.Ok(new Response(StateOf(current, last), last?.Code, current?.Amount ?? lot.Deposit, deposits.Sum(d => d.Refunded), deposits.Sum(d => d.Forfeited), lot.Currency,
            current?.RefundDueBy, statement));
    }

    private static DepositState StateOf(Deposit? deposit, BankEntry? last) => deposit?.Stage switch
    {
        DepositStage.Secured => DepositState.Secured,
        DepositStage.Released => DepositState.Released,
        DepositStage.Refunded => DepositState.Refunded,
        DepositStage.Forfeited => DepositState.Forfeited,
        _ => last is null ? DepositState.None : DepositState.Refused,
    };
}
