using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>Entries of the bank that a person has to decide on, with what they may be and why.</summary>
public static class ListWorkItems
{
    public const int PageMax = 50, CandidatesMax = 500;

    public sealed record Item(
        Guid Id, long Sequence, string Code, string Reason, bool IsCredit, long Amount, string Currency, DateOnly BookingDay, DateOnly? ValueDay, string Reference, string AccountNumber,
        string CounterpartyAccount, string CounterpartyName, string? EndToEndId, string? Remittance, Guid? OrderId, DateTimeOffset OpenedAt, WorkItemStage Stage, Resolution? Resolution,
        string? DocumentNumber, DateTimeOffset? ResolvedAt, Suggestion[] Suggestions);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/work-items", Handle).AllowRoles(Roles.Finance).DisableHttpMetrics()
        .WithSummary("The work list of the bank's entries").WithDescription("Open ones, or with ?all=true the resolved too; pages by ?after=SEQUENCE. A suggestion says what an item may be and why; nothing is booked before a person resolves it.");

    private static async Task<Ok<Item[]>> Handle(long? after, bool? all, [Range(1, PageMax)] int? limit, EscrowDb db, CancellationToken ct)
    {
        var page = await (from item in db.WorkItems.AsNoTracking()
                          join entry in db.BankEntries on item.Reference equals entry.Reference
                          where item.Sequence > (after ?? 0) && (all == true || item.Stage == WorkItemStage.Open)
                          orderby item.Sequence
                          select new { item, entry }).Take(limit ?? PageMax).ToListAsync(ct);
        var open = page.Where(p => p.item.Stage == WorkItemStage.Open).ToList();
        var debtors = await DebtorsAsync(db, [.. open.Select(p => p.entry)], ct);
        var claims = await ClaimsAsync(db, [.. open.Select(p => p.entry)], ct);
        var amounts = open.Select(p => p.item.Amount).Distinct().ToArray();
        var orders = await db.PaymentOrders.AsNoTracking().Where(o => o.Stage == PaymentOrderStage.Ordered && amounts.Contains(o.Amount)).OrderBy(o => o.Sequence).Take(CandidatesMax).ToListAsync(ct);
        var others = await db.WorkItems.AsNoTracking().Where(i => i.Stage == WorkItemStage.Open && amounts.Contains(i.Amount)).OrderBy(i => i.Sequence).Take(CandidatesMax).ToListAsync(ct);
        return TypedResults.Ok(page.Select(p => new Item(
            p.item.Id, p.item.Sequence, p.item.Code, p.item.Reason, p.item.IsCredit, p.item.Amount, p.item.Currency, p.item.BookingDay, p.entry.ValueDay, p.item.Reference, p.entry.AccountNumber,
            p.entry.CounterpartyAccount, p.entry.CounterpartyName, p.entry.EndToEndId, p.entry.Remittance, p.item.OrderId, p.item.OpenedAt, p.item.Stage, p.item.Resolution, p.item.DocumentNumber,
            p.item.ResolvedAt, p.item.Stage == WorkItemStage.Open ? [.. Suggestions.For(p.item, p.entry, debtors, claims, orders, others)] : [])).ToArray());
    }

    // Letters whose claim is outstanding, by the account or the issuer that the entries name.
    private static Task<List<GuaranteeLetter>> ClaimsAsync(EscrowDb db, BankEntry[] entries, CancellationToken ct)
    {
        var numbers = entries.SelectMany(NumbersOf).ToArray();
        var payers = entries.Select(e => e.CounterpartyName).Where(n => n.Length > 0).Distinct().ToArray();
        return db.GuaranteeLetters.AsNoTracking().Where(l => l.Stage == LetterStage.Claimed && (numbers.Contains(l.ClaimAccount) || payers.Contains(l.IssuerName))).OrderBy(l => l.Id).Take(CandidatesMax).ToListAsync(ct);
    }

    private static IEnumerable<string> NumbersOf(BankEntry entry) => Suggestions.NumbersIn(entry.Remittance).Append(entry.AccountNumber).Where(n => n.Length > 0);

    // Bidders whose account, number or text the entries name, and whose deposit is not there yet.
    private static async Task<List<Debtor>> DebtorsAsync(EscrowDb db, BankEntry[] entries, CancellationToken ct)
    {
        var numbers = entries.SelectMany(NumbersOf).Distinct().ToArray();
        var payers = entries.Select(e => e.CounterpartyAccount).Where(a => a.Length > 0).Distinct().ToArray();
        return await (from bidder in db.SubAccounts.AsNoTracking()
                      join lot in db.Lots on bidder.LotId equals lot.Id
                      join basic in db.BasicAccounts on bidder.BidderId equals basic.Id
                      where bidder.Number != null && lot.FailedAt == null && lot.ContractedAt == null && (numbers.Contains(bidder.Number) || payers.Contains(basic.Number))
                          && !db.Deposits.Any(d => d.SubAccountId == bidder.Id && d.Stage == DepositStage.Secured)
                      orderby bidder.Id
                      select new Debtor(bidder.Id, bidder.Number!, bidder.BidderName, basic.Number, lot.Deposit, lot.Currency)).Take(CandidatesMax).ToListAsync(ct);
    }
}
