using System.Threading.RateLimiting;

namespace Tendering.Bidding.Features;

/// <summary>Each writer holds two buffers while bytes arrive: so many at once for an organisation, so that nobody's slow lines take another's place.</summary>
public sealed class UploadGate : IDisposable
{
    public const int WritersMax = 4, WaitingMax = 8;

    private readonly PartitionedRateLimiter<Guid> _limiter = PartitionedRateLimiter.Create<Guid, Guid>(organisation =>
        RateLimitPartition.GetConcurrencyLimiter(organisation, _ => new ConcurrencyLimiterOptions { PermitLimit = WritersMax, QueueLimit = WaitingMax }));

    public ValueTask<RateLimitLease> EnterAsync(Guid organisation, CancellationToken ct) => _limiter.AcquireAsync(organisation, 1, ct);

    public void Dispose() => _limiter.Dispose();
}
