using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>The bank has paid an order: the money leaves the books, once, however often it says so.</summary>
public static class ConfirmPaymentOrder
{
    public sealed record Request([property: StringLength(64, MinimumLength = 1)] string BankReference, DateTimeOffset BookedAt);

    public sealed record Response(Guid TransferId);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/payment-orders/{id:guid}/confirmation", Handle)
        .AllowRoles(Roles.Bank).Idempotent<EscrowDb>().DisableHttpMetrics().WithSummary("The bank has paid an order");

    private static async Task<Ok<Response>> Handle(Guid id, Request request, EscrowDb db, TimeProvider clock, CancellationToken ct)
    {
        var (now, bookedAt, transferId) = (clock.GetUtcNow(), BankTime.Of(request.BookedAt), DerivedId.Of($"paid:{id}"));
        await db.LockAsync($"entry:{request.BankReference}", ct: ct);
        var order = (await db.PaymentOrders.FromSql($"select * from payment_order where id = {id} for update").SingleOrDefaultAsync(ct)).Or404("payment order");
        if (!order.Confirm(request.BankReference, bookedAt)) return TypedResults.Ok(new Response(transferId));
        Rule.Require(!await db.BankEntries.AnyAsync(e => e.Reference == request.BankReference, ct), "bank-reference-reused", "This reference belongs to another entry of the bank: nothing was booked.");

        await Books.BookAllAsync(db, [Transfer.Of(transferId, Chart.IdOf(SystemAccount.Transit, order.Currency), Chart.IdOf(SystemAccount.Bank, order.Currency), order.Amount,
            TransferCodes.Paid, request.BankReference)], now, ct);
        db.Add(BankEntry.Out(order, transferId, now));
        await SettleOrder.HandleAsync(db, order, now, ct);
        await db.SaveChangesAsync(ct);
        return TypedResults.Ok(new Response(transferId));
    }
}
