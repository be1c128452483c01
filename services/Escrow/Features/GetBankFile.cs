using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain.Camt;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>The files of the bank that were imported, each with the report of its entries.</summary>
public static class GetBankFile
{
    public const int PageMax = 100;

    public sealed record Item(Guid Id, long Position, CamtKind Kind, int Version, string MessageId, DateTimeOffset CreatedAt, string Source, DateTimeOffset ReceivedAt);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/bank-files", List).AllowRoles(Roles.Finance).DisableHttpMetrics().WithSummary("Imported files of the bank").WithDescription("The latest first; pages by ?before=POSITION.");
        routes.MapGet("/bank-files/{id:guid}", Get).AllowRoles(Roles.Finance).DisableHttpMetrics().WithSummary("The report of an imported file");
    }

    private static async Task<Ok<Item[]>> List(long? before, [Range(1, PageMax)] int? limit, EscrowDb db, CancellationToken ct) =>
        TypedResults.Ok(await db.BankFiles.AsNoTracking().Where(f => f.Position < (before ?? long.MaxValue)).OrderByDescending(f => f.Position).Take(limit ?? PageMax)
            .Select(f => new Item(f.Id, f.Position, f.Kind, f.Version, f.MessageId, f.CreatedAt, f.Source, f.ReceivedAt)).ToArrayAsync(ct));

    private static async Task<Ok<ImportBankFile.Response>> Get(Guid id, EscrowDb db, CancellationToken ct) =>
        TypedResults.Ok(ImportBankFile.Read((await db.BankFiles.AsNoTracking().Where(f => f.Id == id).Select(f => f.Report).SingleOrDefaultAsync(ct)).Or404("bank file")));
}
