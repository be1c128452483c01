using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;

namespace Tendering.Gateway.Tests;

public class SessionCookieTests
{
    [Fact]
    public void A_good_cookie_is_remembered_once_however_it_is_written()
    {
        using var cookies = new SessionCookie(new EphemeralDataProtectionProvider());
        var session = new BrowserSession("secret");
        var text = Write(cookies, session);
        Assert.InRange(text.Length, 1, 512);
        // White space within is passed over.
        foreach (var fours in Enumerable.Range(128, 100).Prepend(0)) Assert.Equal(session, Read(cookies, text + string.Concat(Enumerable.Repeat("%20%20%20%20", fours))));
        Assert.Equal(1, cookies.Remembered);
    }

    [Fact]
    public void What_is_no_cookie_of_ours_is_neither_a_session_nor_remembered()
    {
        using var cookies = new SessionCookie(new EphemeralDataProtectionProvider());
        using var others = new SessionCookie(new EphemeralDataProtectionProvider());
        var text = Write(cookies, new BrowserSession("secret"));
        foreach (var made in new[] { "x", text[..^2], new string('A', text.Length), Write(others, new BrowserSession("secret")) }) Assert.Null(Read(cookies, made));
        Assert.Equal(0, cookies.Remembered);
    }

    [Fact]
    public void Each_session_keeps_its_own_secret()
    {
        using var cookies = new SessionCookie(new EphemeralDataProtectionProvider());
        var texts = Enumerable.Range(0, 100).Select(n => (Secret: $"secret {n}", Text: Write(cookies, new BrowserSession($"secret {n}")))).ToList();
        for (var round = 0; round < 2; round++) Assert.All(texts, t => Assert.Equal(t.Secret, Read(cookies, t.Text)!.Secret));
        Assert.Equal(100, cookies.Remembered);
    }

    private static string Write(SessionCookie cookies, BrowserSession session)
    {
        var http = new DefaultHttpContext();
        cookies.Write(http, session);
        var set = http.Response.Headers.SetCookie.ToString();
        return set[(set.IndexOf('=', StringComparison.Ordinal) + 1)..set.IndexOf(';', StringComparison.Ordinal)];
    }

    private static BrowserSession? Read(SessionCookie cookies, string text)
    {
        var http = new DefaultHttpContext();
        http.Request.Headers.Cookie = $"{SessionCookie.Name}={text}";
        return cookies.Read(http);
    }
}
