using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Caching.Memory;

namespace Tendering.Gateway;

/// <summary>The session that a browser's cookie names. The cookie holds the session's secret, encrypted, and nothing else; no token ever reaches the browser.</summary>
public sealed record BrowserSession(string Secret)
{
    /// <summary>Names the session where its secret is not needed.</summary>
    public string Key { get; } = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Secret)));
}

/// <summary>Writes and reads the cookie. A browser sends the same one with every call, so one that was good is remembered for some minutes.</summary>
public sealed class SessionCookie(IDataProtectionProvider protection) : IDisposable
{
    public const string Name = "tendering-session";
    private const int RememberedMax = 20_000, LengthMax = 512;
    private static readonly TimeSpan RememberedFor = TimeSpan.FromMinutes(5);

    private readonly IDataProtector _protector = protection.CreateProtector("Tendering.Gateway.Session.1");
    private readonly MemoryCache _good = new(new MemoryCacheOptions { SizeLimit = RememberedMax });

    /// <summary>So many cookies are remembered at the moment; never more than 20,000.</summary>
    public int Remembered => _good.Count;

    public BrowserSession? Read(HttpContext http)
    {
        if (http.Request.Cookies[Name] is not { Length: > 0 } text) return null;
        if (_good.TryGetValue(text, out BrowserSession? known)) return known;
        try
        {
            var session = new BrowserSession(_protector.Unprotect(text));
            // One cookie can be written in many ways and at any length: what is longer than ours takes no room here.
            return text.Length > LengthMax ? session : _good.Set(text, session, new MemoryCacheEntryOptions { AbsoluteExpirationRelativeToNow = RememberedFor, Size = 1 });
        }
        catch (CryptographicException) { return null; }
    }

    public void Dispose() => _good.Dispose();

    public void Write(HttpContext http, BrowserSession session) => http.Response.Cookies.Append(Name, _protector.Protect(session.Secret), Options(http));

    /// <summary>Just before the answer leaves, so that no answer of a service takes it back.</summary>
    public static void Delete(HttpContext http) => http.Response.OnStarting(() => { http.Response.Cookies.Delete(Name, Options(http)); return Task.CompletedTask; });

    private static CookieOptions Options(HttpContext http) => new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = http.Request.IsHttps, Path = "/", IsEssential = true };
}
