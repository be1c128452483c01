using Tendering.Contracts.Tenders;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Data;
using Tendering.Tenders.Domain;

namespace Tendering.Tenders.Features;

/// <summary>A lot failed (流标): the public reads it, and the others are told by which rule.</summary>
public static class FailureOfLot
{
    public static void PublishFailure(this TendersDb db, Tender tender, Lot lot)
    {
        var failure = lot.Failure!;
        db.Announce(Notice.OfFailure(tender, lot));
        db.Publish(new LotFailed(tender.Id, lot.Id, failure.Reason, failure.Rule, failure.Article, failure.FailedAt), failure.FailedAt);
    }
}
