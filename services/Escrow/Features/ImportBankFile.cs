using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Escrow.Domain.Camt;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>
/// A statement or notification of the bank is booked whole or not at all. The file is its own key: the same bytes again give the same
/// report, and an entry that another file has told is matched, not booked again.
/// </summary>
public static class ImportBankFile
{
    public const long BytesMax = 32 * 1024 * 1024;
    private const int MemoryMax = 1024 * 1024, LocksMax = 64;

    /// <summary>How many entries were booked, were known from another file, are only pending or informational; and of the booked ones, how many are for a person.</summary>
    public sealed record Response(Guid FileId, CamtKind Kind, int Version, string MessageId, int Booked, int Known, int NotBooked, int Listed, Statement[] Statements, Line[] Entries);

    /// <summary>A statement of the file. <paramref name="Gap"/>: its opening balance less the closing one before it; other than 0, something is missing.</summary>
    public sealed record Statement(string Number, string Currency, DateOnly Day, long Opening, long Closing, long Gap);

    /// <summary>An entry or one of its transactions. <paramref name="State"/>: booked, known, pending, information. Amounts in minor units.</summary>
    public sealed record Line(string Where, string? Reference, bool IsCredit, long Amount, string Currency, string State, Outcome? Outcome, string? Code);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/bank-files", Handle)
        .AllowRoles(Roles.Finance, Roles.Bank).Produces<Response>(StatusCodes.Status201Created).Produces<Response>().ProducesProblem(400).ProducesProblem(409).ProducesProblem(413).ProducesProblem(415)
        .DisableHttpMetrics().WithSummary("Import a camt.053 or camt.054 of the bank")
        .WithDescription("The body is the file (application/xml or text/xml), versions 001.02, 001.04 and 001.08, at most 32 MiB. Whole or not at all: what does not add up refuses the file by name, with the place. The file is its own key: the same again gives the same report (200), with no Idempotency-Key.");

    private static async Task<IResult> Handle(HttpContext http, Caller caller, EscrowDb db, BankSettings bank, TimeProvider clock, CancellationToken ct)
    {
        // Here and not by the route's metadata: who may not call learns nothing of what a call would need.
        if (http.Request.ContentType?.Split(';')[0].Trim().ToLowerInvariant() is not ("application/xml" or "text/xml")) throw new BadHttpRequestException("XML is asked for.", StatusCodes.Status415UnsupportedMediaType);
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } server) server.MaxRequestBodySize = BytesMax + MemoryMax;      // counted below, and answered in words; beyond, the server cuts off
        if (http.Request.ContentLength > BytesMax) return TooLarge(http);
        await using var body = new FileBufferingReadStream(http.Request.Body, MemoryMax);
        if (await ReadAsync(body, ct) is not { } hash) return TooLarge(http);
        var (response, isNew) = await ImportAsync(body, hash, caller.Is(Roles.Bank) ? "bank" : caller.Person.ToString(), db, bank, clock.GetUtcNow(), ct);
        return isNew ? TypedResults.Created($"/api/escrow/bank-files/{response.FileId}", response) : TypedResults.Ok(response);
    }

    private static Microsoft.AspNetCore.Http.HttpResults.ProblemHttpResult TooLarge(HttpContext http)
    {
        http.Response.Headers.Connection = "close";
        return TypedResults.Problem(statusCode: StatusCodes.Status413PayloadTooLarge, type: "/problems/too-large",
            title: $"A file of the bank may have at most {BytesMax / 1024 / 1024} MiB: ask for one statement a day, or for several files. Nothing was booked.",
            extensions: new Dictionary<string, object?> { ["code"] = "too-large" });
    }

    /// <summary>Reads to the end and gives the SHA-256; null as soon as it is more than is taken.</summary>
    public static async Task<byte[]?> ReadAsync(Stream content, CancellationToken ct)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(81_920);
        try
        {
            var length = 0L;
            for (int read; (read = await content.ReadAsync(buffer, ct)) > 0;)
            {
                if ((length += read) > BytesMax) return null;
                sha.AppendData(buffer, 0, read);
            }
            return sha.GetHashAndReset();
        }
        finally { ArrayPool<byte>.Shared.Return(buffer); }
    }

    public static async Task<(Response Response, bool IsNew)> ImportAsync(Stream content, byte[] hash, string source, EscrowDb db, BankSettings bank, DateTimeOffset now, CancellationToken ct)
    {
        if (await FindAsync(db, hash, ct) is { } before) return (before, false);
        content.Position = 0;
        var file = CamtReader.Read(content, bank.Schemas.Find, bank.Zone);
        var parts = CamtChecks.Require(file, bank.Account, bank.Zone, now);

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await db.LockAsync($"message:{file.Kind}:{file.MessageId}", ct: ct);
        if (await FindAsync(db, hash, ct) is { } meanwhile) return (meanwhile, false);
        Rule.Require(!await db.BankFiles.AnyAsync(f => f.Kind == file.Kind && f.MessageId == file.MessageId, ct), "message-id-reused",
            $"Another file came under the message id {file.MessageId}: ask the bank which holds. Nothing was booked.");
        await LockAsync(db, parts, ct);

        var imported = new BankFile { Hash = hash, Kind = file.Kind, Version = file.Version, MessageId = file.MessageId, CreatedAt = file.CreatedAt.ToUniversalTime(), Source = source, ReceivedAt = now, Report = "" };
        var lines = await BookBankLines.HandleAsync(db, imported.Id, parts, now, ct);
        var statements = await KeepStatementsAsync(db, imported.Id, parts, now, ct);
        var response = new Response(imported.Id, file.Kind, file.Version, file.MessageId, lines.Count(l => l.State == "booked"), lines.Count(l => l.State == "known"),
            lines.Count(l => l.State is "pending" or "information"), lines.Count(l => l.State == "booked" && l.Outcome == Outcome.Listed), statements, [.. lines]);
        imported.Report = JsonSerializer.Serialize(response, Outbox.Json);
        db.Add(imported);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return (response, true);
    }

    public static async Task<Response?> FindAsync(EscrowDb db, byte[] hash, CancellationToken ct) =>
        await db.BankFiles.AsNoTracking().Where(f => f.Hash == hash).Select(f => f.Report).SingleOrDefaultAsync(ct) is { } report ? Read(report) : null;

    public static Response Read(string report) => JsonSerializer.Deserialize<Response>(report, Outbox.Json)!;

    // A notice waits only for files that tell of the same entries; a long statement for all others, and they for it.
    private static async Task LockAsync(EscrowDb db, IReadOnlyList<CheckedPart> parts, CancellationToken ct)
    {
        var names = parts.SelectMany(p => p.Entries).SelectMany(e => e.Lines).SelectMany(l => new[] { l.Reference, l.EntryReference }).Distinct().ToArray();
        await db.LockAsync("bank-files", shared: names.Length <= LocksMax, ct);
        if (names.Length <= LocksMax) await db.LockAllAsync([.. names.Select(n => $"entry:{n}")], shared: false, ct);
    }

    private static async Task<Statement[]> KeepStatementsAsync(EscrowDb db, Guid fileId, IReadOnlyList<CheckedPart> parts, DateTimeOffset now, CancellationToken ct)
    {
        var statements = new List<Statement>();
        foreach (var part in parts.Where(p => p.Day is not null))
        {
            var before = statements.LastOrDefault(s => s.Currency == part.Currency)?.Closing
                ?? await db.BankStatements.Where(s => s.Currency == part.Currency && s.Day <= part.Day).OrderByDescending(s => s.Day).ThenByDescending(s => s.Position).Select(s => (long?)s.Closing).FirstOrDefaultAsync(ct);
            var statement = new BankStatement { FileId = fileId, Number = part.Id, Currency = part.Currency, Day = part.Day!.Value, Opening = part.Opening!.Value, Closing = part.Closing!.Value, RecordedAt = now };
            db.Add(statement);
            var references = part.Entries.SelectMany(e => e.Lines).Select(l => l.EntryReference).Distinct().ToArray();
            await db.Database.ExecuteSqlAsync($"insert into statement_entry (statement_id, reference) select {statement.Id}, unnest({references})", ct);
            statements.Add(new Statement(part.Id, part.Currency, statement.Day, statement.Opening, statement.Closing, before is { } closing ? statement.Opening - closing : 0));
        }
        return [.. statements];
    }
}
