using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Contracts.Escrow;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>Finance moves money from one sub-account to another, by a document and with two persons. It goes through the batcher; the ledger's own ids make it idempotent.</summary>
public static class CorrectBooks
{
    public sealed record Request(Guid DebitAccount, Guid CreditAccount, [property: Range(1, Transfer.AmountMax)] long Amount, [property: StringLength(Correction.DocumentLengthMax, MinimumLength = 1)] string DocumentNumber);

    public sealed record Response(Guid TransferId);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/corrections", Ask).AllowRoles(Roles.Finance).ProducesProblem(409).ProducesProblem(429).WithMetadata(new Idempotency.IdempotentMetadata())
            .WithSummary("Ask for a correction between two sub-accounts")
            .WithDescription("The amount is held until another person of finance approves or refuses, seven days at most. The Idempotency-Key is a UUID and becomes the transfer's id: the same again gives the same answer, another request under it is refused by the name of the field that differs.");
        routes.MapPost("/corrections/{id:guid}/approval", Approve).AllowRoles(Roles.Finance).ProducesProblem(409).ProducesProblem(429)
            .WithSummary("Approve a correction").WithDescription("By another person than the one who asked. The same person may repeat it.");
        routes.MapPost("/corrections/{id:guid}/refusal", Refuse).AllowRoles(Roles.Finance).ProducesProblem(409).ProducesProblem(429)
            .WithSummary("Refuse a correction").WithDescription("By whoever asked, or another: the amount is free again.");
    }

    private static async Task<Created<Response>> Ask(Request request, Caller caller, HttpContext http, EscrowDb db, Batcher batcher, TimeProvider clock, CancellationToken ct)
    {
        if (!Guid.TryParse(http.Request.Headers[Idempotency.Header], out var id) || id == Guid.Empty) throw new MalformedException(Idempotency.Header, $"A header {Idempotency.Header} with a UUID is needed: make one and keep it for repeats.");
        var sides = await SidesAsync(db, request.DebitAccount, request.CreditAccount, ct);
        Rule.Require(sides.All(s => s.TenderId is not null), "account-follows-facts", "Only sub-accounts are corrected by hand: all others move with an entry of the bank, a deposit, an order or a decision, and are corrected with it.");
        var now = clock.GetUtcNow();
        await BookAsync(batcher, Correction.Ask(id, request.DebitAccount, request.CreditAccount, request.Amount, request.DocumentNumber, caller.Person), sides, (tender, from, to) =>
            Outbox.Row(new CorrectionAsked(tender, id, from.LotId, from.BidderId, to.LotId, to.BidderId, request.Amount, from.Currency, request.DocumentNumber, now), now), ct);
        return TypedResults.Created((string?)null, new Response(id));
    }

    private static async Task<Created<Response>> Approve(Guid id, Caller caller, EscrowDb db, Batcher batcher, TimeProvider clock, CancellationToken ct)
    {
        var (asked, now) = (await FindAsync(db, id, ct), clock.GetUtcNow());
        Rule.Require(Correction.PersonOf(asked) != caller.Person, "correction-by-two", "Who asked for a correction does not approve it: another person of finance must.");
        var transfer = Correction.Approve(asked, caller.Person);
        await BookAsync(batcher, transfer, await SidesAsync(db, asked.DebitAccount, asked.CreditAccount, ct), (tender, from, to) =>
            Outbox.Row(new CorrectionApproved(tender, id, from.LotId, from.BidderId, to.LotId, to.BidderId, asked.Amount, asked.Currency, Correction.DocumentOf(asked), Correction.PersonOf(asked), now), now), ct);
        return TypedResults.Created((string?)null, new Response(transfer.Id));
    }

    private static async Task<Created<Response>> Refuse(Guid id, Caller caller, EscrowDb db, Batcher batcher, TimeProvider clock, CancellationToken ct)
    {
        var (asked, now) = (await FindAsync(db, id, ct), clock.GetUtcNow());
        var transfer = Correction.Refuse(asked, caller.Person);
        await BookAsync(batcher, transfer, await SidesAsync(db, asked.DebitAccount, asked.CreditAccount, ct), (tender, from, to) =>
            Outbox.Row(new CorrectionRefused(tender, id, from.LotId, from.BidderId, to.LotId, to.BidderId, asked.Amount, asked.Currency, Correction.DocumentOf(asked), Correction.PersonOf(asked), now), now), ct);
        return TypedResults.Created((string?)null, new Response(transfer.Id));
    }

    private static async Task<BookedTransfer> FindAsync(EscrowDb db, Guid id, CancellationToken ct)
    {
        var asked = await Books.FindAsync(db, id, ct);
        return (asked is { Kind: TransferKind.Pending, Code: TransferCodes.Corrected } ? asked : null).Or404("correction");
    }

    private static async Task BookAsync(Batcher batcher, Transfer transfer, IReadOnlyCollection<Side> sides, Func<Guid, Side, Side, OutboxEvent> tell, CancellationToken ct)
    {
        var verdict = (await batcher.BookAsync([transfer], [.. EventsOf(sides, tell)], ct))[0];
        Rule.Require(verdict.IsBooked, verdict.Refusal ?? "", $"The ledger refused transfer {transfer.Id}; nothing was booked.");
    }

    // In the life of each tender that it touches. Where an account is missing the ledger refuses, and nothing is told.
    private static IEnumerable<OutboxEvent> EventsOf(IReadOnlyCollection<Side> sides, Func<Guid, Side, Side, OutboxEvent> tell) =>
        sides.FirstOrDefault(s => s.IsDebit) is { } from && sides.FirstOrDefault(s => !s.IsDebit) is { } to
            ? new[] { from.TenderId, to.TenderId }.OfType<Guid>().Distinct().Select(tender => tell(tender, from.In(tender), to.In(tender))) : [];

    // Without a tender it is no sub-account.
    private sealed record Side(Guid AccountId, bool IsDebit, Guid? TenderId, Guid LotId, Guid BidderId, string Currency)
    {
        /// <summary>As this tender's life may tell it: who bids in another tender is that one's secret, so the account stands for both.</summary>
        public Side In(Guid tender) => TenderId == tender ? this : this with { LotId = AccountId, BidderId = AccountId };
    }

    private static Task<List<Side>> SidesAsync(EscrowDb db, Guid debit, Guid credit, CancellationToken ct) => db.Database.SqlQuery<Side>($"""
        select a.id as "AccountId", asked.is_debit as "IsDebit", s.tender_id as "TenderId", coalesce(s.lot_id, a.id) as "LotId", coalesce(s.bidder_id, a.id) as "BidderId", a.currency as "Currency"
        from (values (true, {debit}::uuid), (false, {credit}::uuid)) as asked (is_debit, id) join account a on a.id = asked.id left join sub_account s on s.id = a.id
        """).ToListAsync(ct);
}
