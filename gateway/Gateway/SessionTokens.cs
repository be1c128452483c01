using System.Collections.Concurrent;
using Microsoft.Extensions.Caching.Memory;

namespace Tendering.Gateway;

/// <summary>A token for each session in use, kept until shortly before it ends; however many calls need a new one at once, it is fetched once.</summary>
public sealed class SessionTokens(IdentityClient identity) : IDisposable
{
    public const int SessionsMax = 100_000;
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(30), EndedIsKnownFor = TimeSpan.FromMinutes(10);

    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = SessionsMax });
    private readonly ConcurrentDictionary<string, Lazy<Task<string?>>> _flights = new();
    private readonly Lock _gate = new();

    /// <summary>Null when the session has ended.</summary>
    public async Task<string?> GetAsync(BrowserSession session, CancellationToken ct)
    {
        if (_cache.TryGetValue(session.Key, out string? known)) return known;
        return await _flights.GetOrAdd(session.Key, _ => new Lazy<Task<string?>>(() => FetchAsync(session))).Value.WaitAsync(ct);
    }

    public void Keep(BrowserSession session, string token, int expiresIn) => Set(session, token, TimeSpan.FromSeconds(expiresIn) - Before);

    /// <summary>From now on the session has no token, not even one that is on its way.</summary>
    public void End(BrowserSession session) => Set(session, null, EndedIsKnownFor);

    // The fetch belongs to all who wait for it: none of them can cancel it, and it is over when it ends, whoever still waits.
    private async Task<string?> FetchAsync(BrowserSession session)
    {
        try
        {
            if (_cache.TryGetValue(session.Key, out string? known)) return known;
            if (await identity.TokenAsync(session.Secret, CancellationToken.None) is not { } token) return null;
            return Set(session, token.AccessToken, TimeSpan.FromSeconds(token.ExpiresIn) - Before);
        }
        finally { _flights.TryRemove(session.Key, out _); }
    }

    private string? Set(BrowserSession session, string? token, TimeSpan life)
    {
        lock (_gate)
        {
            if (token is not null && _cache.TryGetValue(session.Key, out string? known) && known is null) return null;
            if (life > TimeSpan.Zero) _cache.Set(session.Key, token, new MemoryCacheEntryOptions { AbsoluteExpirationRelativeToNow = life, Size = 1 });
            return token;
        }
    }

    public void Dispose() => _cache.Dispose();
}
