using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Tendering.AllInOne;
using Tendering.Contracts;
using Tendering.ServiceDefaults;

namespace Tendering.Scenarios;

/// <summary>Every route of every service against every role and none: what the table in docs/operations/access.md says is what the running system does.</summary>
[Collection(nameof(LocalSystem))]
public class AccessMatrixTests(LocalSystem system)
{
    private const string Document = "docs/operations/access.md";

    private static readonly Dictionary<string, string> Accounts = new()
    {
        [Roles.Agency] = "agency", [Roles.Expert] = "expert01", [Roles.Supervisor] = "supervisor", [Roles.Centre] = "centre", [Roles.Finance] = "finance", [Roles.Operator] = "operator",
    };

    private sealed record Route(string Method, string Pattern, AccessMetadata? Access);

    [Fact]
    public void Every_route_says_who_may_call_it()
    {
        var silent = Routes().Where(r => r.Access is null).Select(r => $"{r.Method} {r.Pattern}").ToList();
        Assert.True(silent.Count == 0, "Without a word on access: " + string.Join(", ", silent));
    }

    [Fact]
    public void The_documented_matrix_is_the_real_one()
    {
        var path = Path.Combine(LocalSystem.Root, Document);
        var table = Table();
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1") File.WriteAllText(path, table);
        Assert.True(File.Exists(path) && File.ReadAllText(path) == table, $"{Document} differs from the routes; if the change is meant, run this test with UPDATE_DOCS=1 and read the difference.\n{table}");
    }

    [Fact]
    public void The_operator_holds_no_business_right()
    {
        string[] business = ["tenders", "bidding", "bid-opening", "expert-selection", "evaluation", "escrow", "credit"];
        string[] plumbing = ["parked", "replay"];
        var held = Routes().Where(r => r.Access!.Roles.Contains(Roles.Operator) && business.Any(b => r.Pattern.StartsWith($"/api/{b}/", StringComparison.Ordinal)) && !plumbing.Any(p => r.Pattern.Split('/').Contains(p)));
        Assert.Empty(held.Select(r => $"{r.Method} {r.Pattern}"));
    }

    [Fact]
    public async Task Each_role_and_none_gets_what_the_matrix_says()
    {
        using var market = await system.EnterMarketAsync();
        var clients = new Dictionary<string, HttpClient> { ["none"] = new() { BaseAddress = system.Gateway } };
        foreach (var (role, account) in Accounts) clients[role] = await SignedInAsync(account, "Tendering-dev-2026!");
        using var bidder = await Replay.Client.Bidder.EnterAsync(market, "Matrix Works", Guid.NewGuid().ToString("N")[..8], "CNY", 1, TestContext.Current.CancellationToken);
        clients[Roles.Bidder] = await SignedInAsync(bidder.UserName, Replay.Client.Bidder.Password);
        clients[Roles.Bank] = await MachineAsync();

        var wrong = new List<string>();
        foreach (var route in Routes().Where(r => r.Pattern.StartsWith("/api/", StringComparison.Ordinal)))
            foreach (var (role, client) in clients)
                if (await CallAsync(client, route) is var (status, title) && !Fits(route.Access!, role, status, title)) wrong.Add($"{route.Method} {route.Pattern} as {role}: {(int)status} {title}");
        foreach (var client in clients.Values) client.Dispose();
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    // A feature may still refuse an allowed role (not its tender, nonsense in the body); then it says so in its own words.
    private static bool Fits(AccessMetadata access, string role, HttpStatusCode status, string? title)
    {
        if (access.Everyone) return status != HttpStatusCode.Forbidden;
        if (role == "none") return status == HttpStatusCode.Unauthorized;
        var allowed = access.Roles.Count == 0 || access.Roles.Contains(role);
        var stopped = status == HttpStatusCode.Forbidden && title is null or "Forbidden";
        return status != HttpStatusCode.Unauthorized && (allowed ? !stopped : status == HttpStatusCode.Forbidden);
    }

    private static async Task<(HttpStatusCode Status, string? Title)> CallAsync(HttpClient client, Route route)
    {
        var path = System.Text.RegularExpressions.Regex.Replace(route.Pattern, @"\{(\w+)(:[^}]*)?\}", m => m.Groups[2].Value.Contains("guid", StringComparison.Ordinal) || m.Groups[1].Value.EndsWith("Id", StringComparison.Ordinal) ? Guid.Empty.ToString() : "000000000000000000");
        using var request = new HttpRequestMessage(new HttpMethod(route.Method), path.TrimStart('/'));
        if (route.Method is "POST" or "PUT")
        {
            request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
            request.Headers.Add(Idempotency.Header, Guid.NewGuid().ToString());
        }
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        if (answer.IsSuccessStatusCode || route.Method == "HEAD" || answer.Content.Headers.ContentType?.MediaType?.Contains("json", StringComparison.Ordinal) != true) return (answer.StatusCode, null);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return (answer.StatusCode, problem.ValueKind == JsonValueKind.Object && problem.TryGetProperty("title", out var title) ? title.GetString() : null);
    }

    private async Task<HttpClient> SignedInAsync(string user, string password)
    {
        var client = new HttpClient { BaseAddress = system.Gateway };
        using var answer = await client.PostAsJsonAsync("api/identity/sessions", new { userName = user, password });
        answer.EnsureSuccessStatusCode();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("accessToken").GetString());
        return client;
    }

    private async Task<HttpClient> MachineAsync()
    {
        var client = new HttpClient { BaseAddress = system.Gateway };
        using var answer = await client.PostAsync("connect/token", new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials", ["client_id"] = "bank", ["client_secret"] = system["Machines__bank__Secret"],
        }));
        answer.EnsureSuccessStatusCode();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("access_token").GetString());
        return client;
    }

    private static List<Route> Routes()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Development" });
        builder.Configuration.AddInMemoryCollection(Everything.Names.ToDictionary(n => $"ConnectionStrings:{n.Replace("-", "", StringComparison.Ordinal)}", n => (string?)"Host=none;Database=none;Username=none"));
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Keys:Master"] = Convert.ToBase64String(new byte[32]), ["TENDERING_RABBIT"] = "amqp://none/", ["Storage:Folder"] = Path.GetTempPath() });
        builder.AddServiceDefaults();
        Everything.Add(builder);
        using var app = builder.Build();
        app.UseServiceDefaults();
        Everything.Map(app);
        return [.. ((IEndpointRouteBuilder)app).DataSources.SelectMany(s => s.Endpoints).OfType<RouteEndpoint>()
            .SelectMany(e => (e.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]).Select(m => new Route(m, "/" + e.RoutePattern.RawText!.TrimStart('/'), e.Metadata.GetMetadata<AccessMetadata>())))
            .DistinctBy(r => (r.Method, r.Pattern)).OrderBy(r => r.Pattern, StringComparer.Ordinal).ThenBy(r => r.Method, StringComparer.Ordinal)];
    }

    private static string Table()
    {
        var text = new StringBuilder("# Who may call what\n\nGenerated from the routes; the scenario tests hold it against the running system, route by route and role by role.\n"
            + "A route that is not here is closed. What a caller may see of a thing it may ask for (its own tender, its own bid) is the feature's own check.\n\n");
        text.Append("| route | everyone | signed in | ").AppendJoin(" | ", Roles.All).Append(" |\n|---|---|---|").Append(string.Concat(Roles.All.Select(_ => "---|"))).Append('\n');
        foreach (var route in Routes())
        {
            var access = route.Access!;
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"| {route.Method} `{route.Pattern}` | {(access.Everyone ? "●" : "")} | {(!access.Everyone && access.Roles.Count == 0 ? "●" : "")} | ");
            text.AppendJoin(" | ", Roles.All.Select(r => access.Roles.Contains(r) ? "●" : "")).Append(" |\n");
        }
        return text.ToString();
    }
}
