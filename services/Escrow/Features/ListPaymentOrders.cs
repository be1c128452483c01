using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>What the bank has to pay and has not shown as paid.</summary>
public static class ListPaymentOrders
{
    public const int PageMax = 200;

    /// <summary><paramref name="FileId"/> is the file it went out with; null while it waits for one.</summary>
    public sealed record Item(Guid Id, long Sequence, string ToAccount, string ToName, long Amount, string Currency, string Purpose, Guid? FileId, DateTimeOffset OrderedAt);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/payment-orders", Handle)
        .AllowRoles(Roles.Finance, Roles.Bank).DisableHttpMetrics()
        .WithSummary("Payment orders that wait for their confirmation")
        .WithDescription("In order of their sequence; pages by ?after=SEQUENCE. Begin at 0 each time: an order with a lower number may be committed later, and stays listed until it is confirmed.");

    private static async Task<Ok<Item[]>> Handle(long? after, [Range(1, PageMax)] int? limit, EscrowDb db, CancellationToken ct) =>
        TypedResults.Ok(await db.PaymentOrders.AsNoTracking().Where(o => o.Stage == PaymentOrderStage.Ordered && o.Sequence > (after ?? 0)).OrderBy(o => o.Sequence).Take(limit ?? PageMax)
            .Select(o => new Item(o.Id, o.Sequence, o.ToAccount, o.ToName, o.Amount, o.Currency, o.Purpose, o.FileId, o.OrderedAt)).ToArrayAsync(ct));
}
