using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tendering.Escrow.Domain;

namespace Tendering.Escrow.Data;

/// <summary>
/// A movement of a sub-account in the order of the books. <paramref name="Amount"/> came (<paramref name="IsCredit"/>) or left, <paramref name="Held"/> above or below 0 was held or
/// freed, <paramref name="Balance"/> is what lay there after it; interest is paid past the sub-account and changes no balance. Minor units.
/// </summary>
public sealed record Movement(
    long Position, DateTimeOffset At, string TenderNumber, int LotNumber, Guid BidderId, string BidderName, string Code, long Amount, long Held, bool IsCredit, long Balance, string Currency, string Reference);

/// <summary>The movements of a tender's or a bidder's sub-accounts, read in one statement.</summary>
public static class Statements
{
    /// <param name="whose">The sub-accounts.</param>
    /// <param name="after">Position to go on after.</param>
    public static async Task<Movement[]> ReadAsync(EscrowDb db, IQueryable<SubAccount> whose, long after, int limit, CancellationToken ct)
    {
        var own = await whose.Select(s => s.Id).ToArrayAsync(ct);
        // Interest is on no sub-account; the ids of its transfers follow from the deposits'.
        var bearing = await db.Deposits.Where(d => own.Contains(d.SubAccountId) && (d.Interest > 0 || d.LateInterest > 0)).Select(d => new { d.Id, d.SubAccountId }).ToListAsync(ct);
        var paid = bearing.SelectMany(d => new[] { (Transfer: DerivedId.Of($"interest:{d.Id}"), d.SubAccountId), (Transfer: DerivedId.Of($"late-interest:{d.Id}"), d.SubAccountId) }).ToArray();
        return await db.Database.SqlQueryRaw<Movement>(Sql, new NpgsqlParameter("own", own), new NpgsqlParameter("interests", paid.Select(p => p.Transfer).ToArray()),
            new NpgsqlParameter("accounts", paid.Select(p => p.SubAccountId).ToArray()), new NpgsqlParameter("after", after), new NpgsqlParameter("limit", limit)).ToArrayAsync(ct);
    }

    private const string Sql = """
        with own as (
          select s.id, s.bidder_id, s.bidder_name, l.number, l.tender_number, l.currency from sub_account s join lot l on l.id = s.lot_id
          where s.id = any (@own)),
        moved as (
          select t.position, t.booked_at, t.code, t.posted, t.held, true as is_credit, t.reference, t.posted as change, own.* from own join transfer t on t.credit_account = own.id
          union all
          select t.position, t.booked_at, t.code, t.posted, t.held, false, t.reference, -t.posted, own.* from own join transfer t on t.debit_account = own.id
          union all
          select t.position, t.booked_at, t.code, t.posted, t.held, true, t.reference, 0, own.* from unnest(@interests, @accounts) as i (id, account) join transfer t on t.id = i.id join own on own.id = i.account),
        balanced as (select *, sum(change) over (partition by id order by position)::bigint as balance from moved)
        select position as "Position", booked_at as "At", tender_number as "TenderNumber", number as "LotNumber", bidder_id as "BidderId", bidder_name as "BidderName", code as "Code", posted as "Amount", held as "Held",
          is_credit as "IsCredit", balance as "Balance", currency as "Currency", reference as "Reference"
        from balanced where position > @after order by position limit @limit
        """;
}
