using System.Threading.RateLimiting;

namespace Tendering.Bidding.Features;

/// <summary>Blocks are held in memory while they arrive: so many at once for an organisation, so that nobody's slow line takes another's place.</summary>
public sealed class BlockGate : IDisposable
{
    public const int BlocksMax = 4, WaitingMax = 8;

    private readonly PartitionedRateLimiter<Guid> _limiter = PartitionedRateLimiter.Create<Guid, Guid>(organisation =>
        RateLimitPartition.GetConcurrencyLimiter(organisation, _ => new ConcurrencyLimiterOptions { PermitLimit = BlocksMax, QueueLimit = WaitingMax }));

    public ValueTask<RateLimitLease> EnterAsync(Guid organisation, CancellationToken ct) => _limiter.AcquireAsync(organisation, 1, ct);

    public void Dispose() => _limiter.Dispose();
}
