using Tendering.Contracts.Bidding;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Data;

namespace Tendering.Tenders.Features;

/// <summary>On ExtensionDecided: an outage moved the deadline; a notice says so.</summary>
public static class MoveDeadlineOnExtensionDecided
{
    public static async Task Handle(Received<ExtensionDecided> message, TendersDb db, CancellationToken ct)
    {
        var decided = message.Event;
        if (!decided.Approved) return;
        var tender = (await db.LockAsync(decided.TenderId, ct)).Or404("tender");
        var lot = tender.LotOf(decided.LotId);
        var from = lot.BidDeadline;
        if (!lot.MoveForOutage(decided.Deadline, tender.Rules)) return;
        MoveDeadline.Announce(db, tender, lot, from, "outage", decided.Reason, decided.ProposalId, message.Now);
    }
}
