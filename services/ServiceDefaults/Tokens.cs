using Microsoft.Extensions.Caching.Memory;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Tendering.ServiceDefaults;

/// <summary>
/// Checks a token's signature once and remembers the answer until shortly after: a caller's next calls bring the same token. What was good under keys that the
/// authority has changed since is checked anew; what was refused is never remembered.
/// </summary>
internal sealed class RememberingTokenHandler : TokenHandler, IDisposable
{
    private const int TokensMax = 50_000;
    private static readonly TimeSpan RememberedMax = TimeSpan.FromMinutes(10);

    private readonly JsonWebTokenHandler _inner = new() { MapInboundClaims = false };
    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = TokensMax });

    public override SecurityToken ReadToken(string token) => _inner.ReadToken(token);

    public override async Task<TokenValidationResult> ValidateTokenAsync(string token, TokenValidationParameters validationParameters)
    {
        var keys = validationParameters.ConfigurationManager is { } authority ? await authority.GetBaseConfigurationAsync(CancellationToken.None) : null;
        if (_cache.TryGetValue(token, out Good? known) && ReferenceEquals(known!.Keys, keys) && known.Result.SecurityToken.ValidTo > TimeProvider.System.GetUtcNow().UtcDateTime) return known.Result;
        var result = await _inner.ValidateTokenAsync(token, validationParameters);
        // Its claims are read here once: they are made at the first look, which is no work for several threads at once.
        if (result.IsValid && result.ClaimsIdentity.IsAuthenticated) _cache.Set(token, new Good(result, keys), new MemoryCacheEntryOptions { AbsoluteExpirationRelativeToNow = RememberedMax, Size = 1 });
        return result;
    }

    public override Task<TokenValidationResult> ValidateTokenAsync(SecurityToken token, TokenValidationParameters validationParameters) => _inner.ValidateTokenAsync(token, validationParameters);

    public void Dispose() => _cache.Dispose();

    private sealed record Good(TokenValidationResult Result, BaseConfiguration? Keys);
}
