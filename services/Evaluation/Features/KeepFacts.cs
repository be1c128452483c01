using Tendering.Contracts.BidOpening;
using Tendering.Contracts.Credit;
using Tendering.Contracts.Escrow;
using Tendering.Contracts.Evaluation;
using Tendering.Contracts.ExpertSelection;
using Tendering.Contracts.Tenders;
using Tendering.Evaluation.Data;
using Tendering.Evaluation.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Evaluation.Features;

/// <summary>The facts that an evaluation waits for. Each opens its gate, in whatever order they come; with the last one the evaluation starts.</summary>
public static class KeepFacts
{
    public static async Task OnTenderPublished(Received<TenderPublished> message, EvaluationDb db, CancellationToken ct)
    {
        var tender = message.Event;
        foreach (var lot in tender.Lots)
        {
            var evaluation = await LockOrAddAsync(db, tender.TenderId, lot.LotId, ct);
            evaluation.Publish(new LotTerms(tender.Number, tender.Title, lot.Number, lot.Title, tender.RuleSet, tender.Currency, tender.AgencyName, tender.TendererName,
                lot.CeilingPrice, lot.MinimumPrice, lot.Deposit, lot.EvaluationMethod));
            Start(db, evaluation, message.Now);
        }
    }

    public static async Task OnOpeningCompleted(Received<OpeningCompleted> message, EvaluationDb db, CancellationToken ct)
    {
        var opening = message.Event;
        var evaluation = await LockOrAddAsync(db, opening.TenderId, opening.LotId, ct);
        evaluation.Open(new OpeningFacts(opening.RecordHash,
            [.. opening.Bids.Select(b => new BidOnRecord(b.BidId, b.BidderId, b.BidderName, b.SocialCreditCode, b.Price, b.Verdict, b.ManifestHash, b.SubmittedAt))]));
        Start(db, evaluation, message.Now);
    }

    public static async Task OnCommitteeReady(Received<CommitteeReady> message, EvaluationDb db, CancellationToken ct)
    {
        var committee = message.Event;
        var secrets = message.Services.GetRequiredService<Secrets>();
        var evaluation = await LockOrAddAsync(db, committee.TenderId, committee.LotId, ct);
        evaluation.Seat(committee.DrawId, committee.Members.Select((m, i) => Sealed(i + 1, m, secrets)));
        Start(db, evaluation, message.Now);
    }

    public static async Task OnDepositSecured(Received<DepositSecured> message, EvaluationDb db, CancellationToken ct)
    {
        var deposit = message.Event;
        if (await db.Deposits.FindAsync([deposit.LotId, deposit.BidderId], ct) is not null) return;
        db.Add(new SecuredDeposit { LotId = deposit.LotId, BidderId = deposit.BidderId, Amount = deposit.Amount, SecuredAt = deposit.SecuredAt });
    }

    // A withdrawn bid's deposit goes back before the deadline; what is released once the committee works changes nothing that it decides on.
    public static async Task OnDepositReleased(Received<DepositReleased> message, EvaluationDb db, CancellationToken ct)
    {
        var released = message.Event;
        if ((await db.LockAsync(released.LotId, ct))?.Stage is null or EvaluationStage.Waiting && await db.Deposits.FindAsync([released.LotId, released.BidderId], ct) is { } held)
            db.Remove(held);
    }

    public static async Task OnEnterpriseDebarred(Received<EnterpriseDebarred> message, EvaluationDb db, CancellationToken ct)
    {
        var debarred = message.Event;
        if (await db.Debarments.FindAsync([debarred.DebarmentId], ct) is not null) return;
        db.Add(new Debarment
        {
            Id = debarred.DebarmentId, SocialCreditCode = debarred.SocialCreditCode, DecisionNumber = debarred.DecisionNumber, Reason = debarred.Reason,
            ValidFrom = debarred.From, ValidUntil = debarred.Until,
        });
    }

    public static async Task OnDebarmentEnded(Received<DebarmentEnded> message, EvaluationDb db, CancellationToken ct)
    {
        // Not here yet: the inbox tries again, and what it ends comes before it.
        var debarment = await db.Debarments.FindAsync([message.Event.DebarmentId], ct) ?? throw new InvalidOperationException("The debarment that ended has not come yet.");
        debarment.EndedAt ??= message.Event.EndedAt;
    }

    public static async Task<LotEvaluation> LockOrAddAsync(EvaluationDb db, Guid tender, Guid lot, CancellationToken ct)
    {
        if (await db.LockAsync(lot, ct) is { } known) return known;
        var evaluation = new LotEvaluation { Id = lot, TenderId = tender };
        db.Add(evaluation);
        return evaluation;
    }

    private static void Start(EvaluationDb db, LotEvaluation evaluation, DateTimeOffset now)
    {
        if (evaluation.StartIfAllIsThere(now)) db.Publish(new EvaluationStarted(evaluation.TenderId, evaluation.Id, evaluation.Opening!.Bids.Length, now), now);
    }

    private static Member Sealed(int seat, CommitteeMember member, Secrets secrets)
    {
        var identity = MemberIdentity.Of(member.ExpertId, member.Name, member.Employer, member.SigningKey);
        return new Member { Seat = seat, PersonId = member.PersonId, SigningKey = member.SigningKey, SealedIdentity = identity.Seal(secrets), Commitment = identity.Commitment };
    }
}
