using System.Net;

namespace Tendering.Gateway.Tests;

public class SecurityHeadersTests
{
    [Theory]
    [InlineData("/"), InlineData("/site.css"), InlineData("/api/tenders/notices"), InlineData("/session"), InlineData("/openapi"), InlineData("/nothing"), InlineData("/health/live")]
    public async Task Every_answer_carries_them(string path)
    {
        await using var door = await Door.OpenAsync();
        using var browser = door.Browser();
        var headers = (await browser.OpenAsync(path)).Headers;
        foreach (var (name, value) in new[] { ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer"), ("Cross-Origin-Opener-Policy", "same-origin") })
            Assert.Equal(value, headers.GetValues(name).Single());
        var policy = headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe-eval", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("script-src 'unsafe", policy, StringComparison.Ordinal);
        Assert.True(headers.Contains("Permissions-Policy"));
        Assert.False(headers.Contains("Server"));
        Assert.False(headers.Contains("Set-Cookie"));
        Assert.False(headers.Contains("Strict-Transport-Security"));         // the test speaks plain HTTP
    }

    [Fact]
    public async Task The_page_has_nothing_inline()
    {
        await using var door = await Door.OpenAsync();
        using var browser = door.Browser();
        var answer = await browser.OpenAsync("/");
        var page = await answer.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.DoesNotContain("unsafe-inline", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.DoesNotContain("style=", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<style", page, StringComparison.Ordinal);
        Assert.DoesNotMatch("<script(?![^>]*src=)", page);
        Assert.DoesNotMatch(@"\son[a-z]+=", page);
    }
}
