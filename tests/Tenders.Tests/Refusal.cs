using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Tendering.ServiceDefaults;

namespace Tendering.Tenders.Tests;

/// <summary>What a refusal says: its code, and rule and article where the law asks for it.</summary>
public sealed record Refusal(string Code, string? Rule = null, string? Article = null)
{
    public static Refusal Of(Action work)
    {
        var broken = Assert.Throws<RuleBrokenException>(work);
        return new Refusal(broken.Code, broken.RuleId, broken.Article);
    }

    public static async Task<Refusal> OfAsync(Task<HttpResponseMessage> call)
    {
        var answer = await call;
        Assert.True(answer.StatusCode == HttpStatusCode.Conflict, $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        var body = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return new Refusal(body.GetProperty("code").GetString()!, Text(body, "rule"), Text(body, "article"));
    }

    private static string? Text(JsonElement body, string name) => body.TryGetProperty(name, out var value) ? value.GetString() : null;
}
