using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Tendering.Identity.Tests.Features;

public class GetMachineTokenTests(IdentityHost host) : IClassFixture<IdentityHost>
{
    private async Task<(HttpStatusCode Status, JsonElement Body)> AskAsync(string? basic, params (string Key, string Value)[] form)
    {
        var client = host.Public();
        if (basic is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(basic)));
        var answer = await client.PostAsync("/connect/token", new FormUrlEncodedContent(form.Select(f => KeyValuePair.Create(f.Key, f.Value))));
        return (answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>());
    }

    [Fact]
    public async Task The_bank_gets_a_token_for_its_secret_by_form_or_by_header()
    {
        var byForm = await AskAsync(null, ("grant_type", "client_credentials"), ("client_id", "bank"), ("client_secret", IdentityHost.BankSecret));
        var byHeader = await AskAsync("bank:" + Uri.EscapeDataString(IdentityHost.BankSecret), ("grant_type", "client_credentials"));
        foreach (var (status, body) in new[] { byForm, byHeader })
        {
            Assert.Equal(HttpStatusCode.OK, status);
            var token = new JsonWebToken(body.GetProperty("access_token").GetString());
            Assert.Equal(("bank", "bank", "Bearer", 300), (token.GetClaim("client_id").Value, token.GetClaim("role").Value, body.GetProperty("token_type").GetString(), body.GetProperty("expires_in").GetInt32()));
            Assert.False(token.TryGetClaim("sub", out _));
        }
    }

    [Theory]
    [InlineData("bank", "wrong"), InlineData("bank", ""), InlineData("teller", ""), InlineData("", ""), InlineData("teller", IdentityHost.BankSecret)]
    public async Task Another_secret_or_machine_is_an_invalid_client(string id, string secret)
    {
        var (status, body) = await AskAsync(null, ("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret));
        Assert.Equal((HttpStatusCode.Unauthorized, "invalid_client"), (status, body.GetProperty("error").GetString()));
    }

    [Fact]
    public async Task Without_a_configured_secret_there_is_no_bank()
    {
        await using var process = await IdentityProcess.StartAsync("Development");
        foreach (var secret in new[] { "", "x" })
        {
            var answer = await process.Client().PostAsync("/connect/token", new FormUrlEncodedContent(new Dictionary<string, string>
            {
                ["grant_type"] = "client_credentials", ["client_id"] = "bank", ["client_secret"] = secret,
            }));
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Other_requests_get_the_standards_errors()
    {
        var (status, body) = await AskAsync(null, ("grant_type", "password"), ("client_id", "bank"), ("client_secret", IdentityHost.BankSecret));
        Assert.Equal((HttpStatusCode.BadRequest, "unsupported_grant_type"), (status, body.GetProperty("error").GetString()));
        var json = await host.Public().PostAsJsonAsync("/connect/token", new { grant_type = "client_credentials" });
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_request"), (json.StatusCode, (await json.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error").GetString()));
        var huge = await host.Public().PostAsync("/connect/token", new FormUrlEncodedContent([KeyValuePair.Create("grant_type", new string('x', 100_000))]));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, huge.StatusCode);
    }
}
