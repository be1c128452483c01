using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>What the bank is to pay, as pain.001 files: fetched by its machine, or taken to it by finance. A file never changes.</summary>
public static class GetPaymentFile
{
    public const int PageMax = 200;

    /// <summary><paramref name="Open"/>: how many of its orders the bank has not shown as paid. Total in minor units.</summary>
    public sealed record Item(Guid Id, long Sequence, string MessageId, string Currency, int Count, long Total, DateTimeOffset MadeAt, int Open);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/payment-files", List).AllowRoles(Roles.Bank, Roles.Finance).DisableHttpMetrics().WithSummary("Files of payment orders")
            .WithDescription("In order of their sequence; pages by ?after=SEQUENCE. ?open=true leaves out those of which all orders are paid. A number may be committed after a higher one: ask for the open ones from 0, and tell files apart by their message id.");
        routes.MapGet("/payment-files/{id:guid}", Get).AllowRoles(Roles.Bank, Roles.Finance).DisableHttpMetrics().Produces(StatusCodes.Status200OK, null, "application/xml")
            .WithSummary("A file of payment orders as pain.001.001.09").WithDescription("The end-to-end id of each transaction comes back on the statement or notification that shows it as paid; nothing else confirms an order.");
    }

    private static async Task<Ok<Item[]>> List(long? after, bool? open, [Range(1, PageMax)] int? limit, EscrowDb db, CancellationToken ct)
    {
        var files = from file in db.PaymentFiles.AsNoTracking()
                    where file.Sequence > (after ?? 0)
                    let waiting = db.PaymentOrders.Count(o => o.FileId == file.Id && o.Stage == PaymentOrderStage.Ordered)
                    where open != true || waiting > 0
                    orderby file.Sequence
                    select new Item(file.Id, file.Sequence, file.MessageId, file.Currency, file.Count, file.Total, file.MadeAt, waiting);
        return TypedResults.Ok(await files.Take(limit ?? PageMax).ToArrayAsync(ct));
    }

    private static async Task<FileContentHttpResult> Get(Guid id, EscrowDb db, CancellationToken ct)
    {
        var file = (await db.PaymentFiles.AsNoTracking().SingleOrDefaultAsync(f => f.Id == id, ct)).Or404("payment file");
        return TypedResults.File(file.Content, "application/xml", $"{file.MessageId}.xml");
    }
}
