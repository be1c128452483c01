using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>A bidder's own deposit for a lot, with every movement of its sub-account.</summary>
public static class GetDeposit
{
    public const int StatementMax = 500;

    public enum DepositState { None, Presented, Refused, Secured, Released, Refunded, Forfeited }

    /// <summary>
    /// Amounts in minor units. <paramref name="Code"/> says why the last payment was refused. <paramref name="Kind"/>: payment, guarantee-letter or exemption.
    /// Interest is paid beside the refund; its statement has the days, the rates and all else that is needed to count it again.
    /// </summary>
    public sealed record Response(
        DepositState State, string? Code, long Amount, long Refunded, long Forfeited, string Currency, DateTimeOffset? RefundDueBy, Line[] Statement,
        string? Kind, RefundInterest? Interest, RefundInterest? LateInterest, LetterItem? Letter);

    /// <summary>The last letter that was presented. Claimed in minor units.</summary>
    public sealed record LetterItem(Guid LetterId, LetterStage Stage, string IssuerName, string Number, long Amount, DateOnly ValidThrough, bool HasExpired, string? Refusal, long Claimed);

    /// <summary>A movement: <paramref name="Code"/> says what for; money came in (<c>IsCredit</c>) or left, or was held or freed (<c>Held</c> above or below 0).</summary>
    public sealed record Line(DateTimeOffset At, string Code, long Amount, long Held, bool IsCredit, string Reference);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/lots/{lotId:guid}/deposit", Handle)
        .AllowRoles(Roles.Bidder).DisableHttpMetrics().WithSummary("The own deposit for a lot and its statement");

    private static async Task<Ok<Response>> Handle(Guid lotId, Caller caller, EscrowDb db, CancellationToken ct)
    {
        var bidder = (await db.SubAccounts.AsNoTracking().SingleOrDefaultAsync(s => s.LotId == lotId && s.BidderId == caller.Organisation, ct)).Or404("deposit");
        var lot = (await db.Lots.AsNoTracking().SingleOrDefaultAsync(l => l.Id == lotId, ct)).Or404("deposit");
        var deposits = await db.Deposits.AsNoTracking().Where(d => d.SubAccountId == bidder.Id).OrderBy(d => d.Id).ToListAsync(ct);
        var last = await db.BankEntries.AsNoTracking().Where(e => e.SubAccountId == bidder.Id).OrderByDescending(e => e.RecordedAt).FirstOrDefaultAsync(ct);
        var current = deposits.Find(d => d.Stage == DepositStage.Secured) ?? deposits.LastOrDefault();
        var statement = await db.Database.SqlQuery<Line>($"""
            select booked_at as "At", code as "Code", posted as "Amount", held as "Held", credit_account = {bidder.Id} as "IsCredit", reference as "Reference"
            from transfer where debit_account = {bidder.Id} or credit_account = {bidder.Id} order by position limit {StatementMax}
            """).ToArrayAsync(ct);
        var letter = await db.GuaranteeLetters.AsNoTracking().Where(l => l.SubAccountId == bidder.Id)
            .OrderByDescending(l => l.Stage == LetterStage.Presented || l.Stage == LetterStage.Verified).ThenByDescending(l => l.PresentedAt).FirstOrDefaultAsync(ct);
        var isExempt = await db.Exemptions.AnyAsync(e => e.SubAccountId == bidder.Id, ct);
        var (state, kind, code) = StandingOf(current, letter, isExempt, last);
        return TypedResults.Ok(new Response(state, code, kind == Securing.Letter ? letter!.Amount : current?.Amount ?? lot.Deposit, deposits.Sum(d => d.Refunded), deposits.Sum(d => d.Forfeited), lot.Currency,
            current?.RefundDueBy, statement, kind, current?.InterestTerms, current?.LateTerms, letter is null ? null : ItemOf(letter)));
    }

    // What secures the bid now; without such, what was last.
    private static (DepositState, string? Kind, string? Code) StandingOf(Deposit? deposit, GuaranteeLetter? letter, bool isExempt, BankEntry? last)
    {
        if (isExempt && deposit is null) return (DepositState.Secured, Securing.Exempt, last?.Code);
        if (letter is not null && deposit?.Stage != DepositStage.Secured && (letter.IsLive || letter.PresentedAt > (deposit?.SecuredAt ?? default))) return (StateOf(letter), Securing.Letter, last?.Code);
        return (StateOf(deposit, last), deposit is null ? null : "payment", last?.Code);
    }

    private static DepositState StateOf(GuaranteeLetter letter) => letter.Stage switch
    {
        LetterStage.Presented => DepositState.Presented,
        LetterStage.Verified => DepositState.Secured,
        LetterStage.Refused => DepositState.Refused,
        LetterStage.Released => DepositState.Released,
        _ => DepositState.Forfeited,
    };

    private static LetterItem ItemOf(GuaranteeLetter l) => new(l.Id, l.Stage, l.IssuerName, l.Number, l.Amount, l.ValidThrough, l.ExpiredAt is not null, l.Refusal, l.Claimed);

    private static DepositState StateOf(Deposit? deposit, BankEntry? last) => deposit?.Stage switch
    {
        DepositStage.Secured => DepositState.Secured,
        DepositStage.Released => DepositState.Released,
        DepositStage.Refunded => DepositState.Refunded,
        DepositStage.Forfeited => DepositState.Forfeited,
        _ => last is null ? DepositState.None : DepositState.Refused,
    };
}
