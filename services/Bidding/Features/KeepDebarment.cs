using Tendering.Bidding.Data;
using Tendering.Bidding.Domain;
using Tendering.Contracts.Credit;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>On EnterpriseDebarred: whom registration must refuse.</summary>
public static class KeepDebarment
{
    public static async Task Handle(Received<EnterpriseDebarred> message, BiddingDb db, CancellationToken ct)
    {
        var decision = message.Event;
        if (await db.Debarments.FindAsync([decision.DebarmentId], ct) is not null) return;
        db.Add(new Debarment
        {
            Id = decision.DebarmentId, SocialCreditCode = decision.SocialCreditCode, Reason = decision.Reason, DecisionNumber = decision.DecisionNumber,
            ValidFrom = decision.From, ValidUntil = decision.Until,
        });
    }
}
