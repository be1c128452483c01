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

    /// <summary>A file of the folder that was set aside. <paramref name="Hash"/>: its SHA-256, empty where it could not be read.</summary>
    public sealed record Refused(long Sequence, string Name, string Hash, string Code, string Reason, DateTimeOffset RefusedAt);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/bank-files", List).AllowRoles(Roles.Finance).DisableHttpMetrics().WithSummary("Imported files of the bank").WithDescription("The latest first; pages by ?before=POSITION.");
        routes.MapGet("/bank-files/refused", ListRefused).AllowRoles(Roles.Finance).DisableHttpMetrics().WithSummary("Files of the bank's folder that were refused, and why")
            .WithDescription("The latest first; pages by ?before=SEQUENCE. The files themselves lie in refused/ of the folder. What comes over HTTP is refused in the answer.");
        routes.MapGet("/bank-files/{id:guid}", Get).AllowRoles(Roles.Finance).DisableHttpMetrics().WithSummary("The report of an imported file");
    }

    private static async Task<Ok<Item[]>> List(long? before, [Range(1, PageMax)] int? limit, EscrowDb db, CancellationToken ct) =>
        TypedResults.Ok(await db.BankFiles.AsNoTracking().Where(f => f.Position < (before ?? long.MaxValue)).OrderByDescending(f => f.Position).Take(limit ?? PageMax)
            .Select(f => new Item(f.Id, f.Position, f.Kind, f.Version, f.MessageId, f.CreatedAt, f.Source, f.ReceivedAt)).ToArrayAsync(ct));

    private static async Task<Ok<Refused[]>> ListRefused(long? before, [Range(1, PageMax)] int? limit, EscrowDb db, CancellationToken ct) =>
        TypedResults.Ok(await db.Database.SqlQuery<Refused>($"""
            select sequence as "Sequence", name as "Name", hash as "Hash", code as "Code", reason as "Reason", refused_at as "RefusedAt" from refused_bank_file
            where sequence < {before ?? long.MaxValue} order by sequence desc limit {limit ?? PageMax}
            """).ToArrayAsync(ct));

    private static async Task<Ok<ImportBankFile.Response>> Get(Guid id, EscrowDb db, CancellationToken ct) =>
        TypedResults.Ok(ImportBankFile.Read((await db.BankFiles.AsNoTracking().Where(f => f.Id == id).Select(f => f.Report).SingleOrDefaultAsync(ct)).Or404("bank file")));
}
