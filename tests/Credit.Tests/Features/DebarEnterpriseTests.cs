using System.Net;
using System.Net.Http.Json;
using Tendering.Contracts;
using Tendering.Contracts.Credit;
using Tendering.Credit.Data;
using Tendering.Credit.Domain;
using Tendering.Credit.Features;
using Tendering.Testing;

namespace Tendering.Credit.Tests.Features;

public class DebarEnterpriseTests(CreditHost host) : IClassFixture<CreditHost>
{
    private DebarEnterprise.Request Decision(string code = "91330106MA2CFLDG4R") => new(
        code, "Careless Builders Ltd", "colluded in three tenders", "D-2026-1", "法53", host.Clock.GetUtcNow(), host.Clock.GetUtcNow().AddYears(1));

    [Fact]
    public async Task A_debarment_is_public_and_told_to_the_others()
    {
        var answer = await host.As(Roles.Supervisor).PostAsync("/api/credit/debarments", Decision());
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var id = (await answer.Content.ReadFromJsonAsync<DebarEnterprise.Response>())!.DebarmentId;
        Assert.Contains(await host.PublishedAsync<EnterpriseDebarred, CreditDb>(), e => e.DebarmentId == id && e.Reason == "colluded in three tenders");
        Assert.Contains("D-2026-1", await host.Public().GetStringAsync("/api/credit/debarments"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_key_gives_the_same_answer_once()
    {
        var (supervisor, key) = (host.As(Roles.Supervisor), Guid.NewGuid().ToString());
        var decision = Decision("91330106MA2CFLDG5P");
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => supervisor.PostAsync("/api/credit/debarments", decision, key)));
        var ids = await Task.WhenAll(answers.Select(a => a.Content.ReadFromJsonAsync<DebarEnterprise.Response>()));
        Assert.Single(ids.Distinct());
        Assert.Single(await host.PublishedAsync<EnterpriseDebarred, CreditDb>(), e => e.SocialCreditCode == "91330106MA2CFLDG5P");
        var other = await supervisor.PostAsync("/api/credit/debarments", decision with { Reason = "another" }, key);
        Assert.Equal((HttpStatusCode.Conflict, "idempotency-key-reused"), (other.StatusCode, await other.CodeAsync()));
    }

    [Fact]
    public async Task Nonsense_is_named_by_field()
    {
        var answer = await host.As(Roles.Supervisor).PostAsync("/api/credit/debarments", Decision("not a code") with { Reason = "" });
        var body = await answer.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("SocialCreditCode", body, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("\"code\":\"malformed\"", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_debarment_ends_when_its_time_comes()
    {
        await host.As(Roles.Supervisor).PostAsync("/api/credit/debarments", Decision("91330106MA2CFLDG6K") with { Until = host.Clock.GetUtcNow().AddDays(1) });
        host.Clock.Advance(TimeSpan.FromDays(2));
        await ServiceFixture.EventuallyAsync(async () => (await host.PublishedAsync<DebarmentEnded, CreditDb>()).Any(e => e.SocialCreditCode == "91330106MA2CFLDG6K"));
    }
}
