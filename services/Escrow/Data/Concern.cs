using Microsoft.EntityFrameworkCore;
using Tendering.Escrow.Domain;

namespace Tendering.Escrow.Data;

/// <summary>The bidder's place in a lot that money concerns, as far as the books know one.</summary>
public sealed record Concern(Guid TenderId, Guid LotId, Guid BidderId)
{
    public static Concern Of(SubAccount bidder) => new(bidder.TenderId, bidder.LotId, bidder.BidderId);

    public static Concern Of(GuaranteeLetter letter) => new(letter.TenderId, letter.LotId, letter.BidderId);

    public static async Task<Concern?> OfAccountAsync(EscrowDb db, Guid? subAccount, CancellationToken ct) =>
        subAccount is { } id ? await db.SubAccounts.Where(s => s.Id == id).Select(s => new Concern(s.TenderId, s.LotId, s.BidderId)).SingleOrDefaultAsync(ct) : null;

    /// <summary>Of a deposit's order, a claim's, or of what is returned to the sender of a payment.</summary>
    public static async Task<Concern?> OfOrderAsync(EscrowDb db, PaymentOrder order, CancellationToken ct)
    {
        var (kind, subject) = order.Cause.IndexOf(':', StringComparison.Ordinal) is var colon && colon < 0 ? ("", "") : (order.Cause[..colon], order.Cause[(colon + 1)..]);
        return kind switch
        {
            "deposit" when Guid.TryParse(subject, out var id) => await db.Deposits.Where(d => d.Id == id).Select(d => new Concern(d.TenderId, d.LotId, d.BidderId)).SingleOrDefaultAsync(ct),
            "claim" => await LetterOfClaimAsync(db, subject, ct) is { } letter ? Of(letter) : null,
            "payment" => await OfAccountAsync(db, await db.BankEntries.Where(e => e.Reference == subject).Select(e => e.SubAccountId).SingleOrDefaultAsync(ct), ct),
            _ => null,
        };
    }

    /// <summary>The letter for whose claim an entry was taken, as it stands in the books: the entry may name no account, or another.</summary>
    public static Task<GuaranteeLetter?> LetterOfClaimAsync(EscrowDb db, string reference, CancellationToken ct) => db.GuaranteeLetters.FromSql($"""
        select l.* from transfer t join account a on a.id = t.debit_account join guarantee_letter l on l.claim_account = a.code where t.id = {DerivedId.Of($"claim:{reference}")}
        """).AsNoTracking().SingleOrDefaultAsync(ct);
}
