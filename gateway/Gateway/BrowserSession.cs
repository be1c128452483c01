using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;

namespace Tendering.Gateway;

/// <summary>The session that a browser's cookie names. The cookie holds the session's secret, encrypted, and nothing else; no token ever reaches the browser.</summary>
public sealed record BrowserSession(string Secret)
{
    /// <summary>Names the session in memory without opening it.</summary>
    public string Key { get; } = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Secret)));
}

/// <summary>Writes and reads the cookie.</summary>
public sealed class SessionCookie(IDataProtectionProvider protection)
{
    public const string Name = "tendering-session";
    private readonly IDataProtector _protector = protection.CreateProtector("Tendering.Gateway.Session.1");

    public BrowserSession? Read(HttpContext http)
    {
        if (http.Request.Cookies[Name] is not { Length: > 0 } text) return null;
        try { return new BrowserSession(_protector.Unprotect(text)); }
        catch (CryptographicException) { return null; }
    }

    public void Write(HttpContext http, BrowserSession session) => http.Response.Cookies.Append(Name, _protector.Protect(session.Secret), Options(http));

    /// <summary>Just before the answer leaves, so that no answer of a service takes it back.</summary>
    public static void Delete(HttpContext http) => http.Response.OnStarting(() => { http.Response.Cookies.Delete(Name, Options(http)); return Task.CompletedTask; });

    private static CookieOptions Options(HttpContext http) => new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = http.Request.IsHttps, Path = "/", IsEssential = true };
}
