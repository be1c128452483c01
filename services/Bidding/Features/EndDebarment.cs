using Tendering.Bidding.Data;
using Tendering.Contracts.Credit;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>On DebarmentEnded: the enterprise may enter the market again.</summary>
public static class EndDebarment
{
    public static async Task Handle(Received<DebarmentEnded> message, BiddingDb db, CancellationToken ct)
    {
        var debarment = await db.Debarments.FindAsync([message.Event.DebarmentId], ct) ?? throw new InvalidOperationException("The decision itself has not been heard yet.");
        debarment.EndedAt ??= message.Event.EndedAt;
    }
}
