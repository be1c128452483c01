using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Contracts.Escrow;
using Tendering.Escrow.Data;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>The bank has said in writing that it did not execute an order: it goes out again under its old end-to-end id, by which the bank can see a double.</summary>
public static class SendOrderAgain
{
    public sealed record Request([property: StringLength(100, MinimumLength = 1)] string DocumentNumber);

    public sealed record Response(Guid OrderId, string EndToEndId);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/payment-orders/{id:guid}/repetitions", Handle)
        .AllowRoles(Roles.Finance).Idempotent<EscrowDb>().DisableHttpMetrics()
        .WithSummary("Send a payment order again").WithDescription("Only what went out and was not paid, and only with the document in which the bank says that it did not execute it.");

    private static async Task<Ok<Response>> Handle(Guid id, Request request, Caller caller, EscrowDb db, TimeProvider clock, CancellationToken ct)
    {
        var order = (await db.PaymentOrders.FromSql($"select * from payment_order where id = {id} for update").SingleOrDefaultAsync(ct)).Or404("payment order");
        var now = clock.GetUtcNow();
        order.SendAgain(now);
        await db.Database.ExecuteSqlAsync($"insert into payment_repetition (order_id, document_number, asked_by, asked_at) values ({id}, {request.DocumentNumber}, {caller.Person}, {now.ToUniversalTime()})", ct);
        var concern = await Concern.OfOrderAsync(db, order, ct);
        db.Publish(new PaymentOrderRepeated(order.Id, order.EndToEndId, order.Reason, order.Amount, order.Currency, request.DocumentNumber, concern?.TenderId, concern?.LotId, concern?.BidderId, now), now);
        await db.SaveChangesAsync(ct);
        return TypedResults.Ok(new Response(order.Id, order.EndToEndId));
    }
}
