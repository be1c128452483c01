using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Tendering.Contracts;
using Tendering.Contracts.Identity;
using Tendering.Identity.Data;
using Tendering.Identity.Domain;
using Tendering.Identity.Features;
using Tendering.Protocols;
using Tendering.Testing;

namespace Tendering.Identity.Tests.Features;

public class RegisterOrganisationTests(IdentityHost host) : IClassFixture<IdentityHost>
{
    private const string Path = "/api/identity/organisations";

    [Fact]
    public async Task A_bidder_registers_itself_gets_a_certificate_and_the_others_are_told()
    {
        var (request, answer) = await host.RegisterAsync();
        using var certificate = X509Certificate2.CreateFromPem(answer.Certificate);
        Assert.Equal(request.SocialCreditCode, SignatureCheck.OrganisationOf(certificate));

        Assert.Contains(await host.PublishedAsync<OrganisationRegistered, IdentityDb>(), e => e.OrganisationId == answer.OrganisationId && e.SocialCreditCode == request.SocialCreditCode && e.Kind == "bidder");
        Assert.Contains(await host.PublishedAsync<BasicAccountRegistered, IdentityDb>(), e => e.OrganisationId == answer.OrganisationId && e.AccountNumber == request.BasicAccount.Number);
        Assert.Contains(await host.PublishedAsync<CertificateIssued, IdentityDb>(),
            e => e.OrganisationId == answer.OrganisationId && e.SerialNumber == certificate.SerialNumber && e.CertificatePem == answer.Certificate && e.IssuerPem == answer.Issuer && e.NotBefore <= host.Clock.GetUtcNow());
        Assert.Contains(await host.PublishedAsync<AccountOpened, IdentityDb>(), e => e.PersonId == answer.PersonId && e.Roles is [Roles.Bidder]);

        var listed = await host.Public().GetFromJsonAsync<JsonElement>($"/api/identity/certificates/{answer.OrganisationId}");
        Assert.Equal(certificate.SerialNumber, listed[0].GetProperty("serialNumber").GetString());
        Assert.DoesNotContain(request.BasicAccount.Number, listed.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_certificates_come_from_one_root()
    {
        var issued = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => host.RegisterAsync()));
        Assert.Single(issued.Select(i => i.Answer.Issuer).Distinct());
    }

    [Fact]
    public async Task The_same_code_is_registered_once()
    {
        var (request, _) = await host.RegisterAsync();
        var again = await IdentityHost.PostAsync(host.Public(), Path, IdentityHost.Bidder(code: request.SocialCreditCode));
        Assert.Equal((HttpStatusCode.Conflict, "organisation-exists"), (again.StatusCode, await again.CodeAsync()));
    }

    [Fact]
    public async Task The_same_user_name_is_taken_once_in_any_case_of_letters()
    {
        var (request, _) = await host.RegisterAsync();
        var other = IdentityHost.Bidder(request.Person.UserName.ToUpperInvariant());
        var again = await IdentityHost.PostAsync(host.Public(), Path, other);
        Assert.Equal((HttpStatusCode.Conflict, "user-name-taken"), (again.StatusCode, await again.CodeAsync()));
        Assert.DoesNotContain(await host.PublishedAsync<OrganisationRegistered, IdentityDb>(), e => e.SocialCreditCode == other.SocialCreditCode);
    }

    [Fact]
    public async Task Of_many_at_once_with_the_same_code_and_name_one_wins()
    {
        var (code, name) = (IdentityHost.NewCode(), "race" + Guid.NewGuid().ToString("N")[..8]);
        var byCode = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => IdentityHost.PostAsync(host.Public(), Path, IdentityHost.Bidder(code: code))));
        var byName = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => IdentityHost.PostAsync(host.Public(), Path, IdentityHost.Bidder(name))));
        Assert.Single(byCode, a => a.StatusCode == HttpStatusCode.Created);
        Assert.Single(byName, a => a.StatusCode == HttpStatusCode.Created);
        foreach (var (answers, expected) in new[] { (byCode, "organisation-exists"), (byName, "user-name-taken") })
            foreach (var lost in answers.Where(a => a.StatusCode != HttpStatusCode.Created)) Assert.Equal(expected, await lost.CodeAsync());
    }

    [Fact]
    public async Task A_repeat_with_the_same_key_gives_the_same_certificate()
    {
        var (request, key) = (IdentityHost.Bidder(), Guid.NewGuid().ToString());
        var first = await IdentityHost.PostAsync(host.Public(), Path, request, key);
        var second = await IdentityHost.PostAsync(host.Public(), Path, request, key);
        Assert.Equal(await first.Content.ReadAsStringAsync(), await second.Content.ReadAsStringAsync());
        Assert.Single(await host.PublishedAsync<OrganisationRegistered, IdentityDb>(), e => e.SocialCreditCode == request.SocialCreditCode);
    }

    [Theory]
    [InlineData(OrganisationKind.Agency)]
    [InlineData(OrganisationKind.Authority)]
    [InlineData(OrganisationKind.Operator)]
    public async Task Nobody_but_a_bidder_registers_itself(OrganisationKind kind)
    {
        var answer = await IdentityHost.PostAsync(host.Public(), Path, IdentityHost.Bidder() with { Kind = kind });
        Assert.Equal((HttpStatusCode.Conflict, "kind-not-open"), (answer.StatusCode, await answer.CodeAsync()));
    }

    [Fact]
    public async Task Nonsense_is_named_by_field()
    {
        var good = IdentityHost.Bidder();
        var cases = new (RegisterOrganisation.Request Request, string Field)[]
        {
            (good with { SocialCreditCode = "91330106MA2CFLDG4X" }, "socialCreditCode"),
            (good with { SocialCreditCode = "short" }, "socialCreditCode"),
            (good with { Name = "" }, "name"),
            (good with { CertificateRequest = "nonsense" }, "certificateRequest"),
            (good with { BasicAccount = good.BasicAccount with { Number = "12x" } }, "basicAccount.number"),
            (good with { Person = good.Person with { UserName = "a b" } }, "person.userName"),
            (good with { Person = good.Person with { Password = "short" } }, "person.password"),
            (good with { Person = null! }, "person"),
        };
        foreach (var (request, field) in cases)
        {
            var answer = await IdentityHost.PostAsync(host.Public(), Path, request);
            var body = await answer.Content.ReadAsStringAsync();
            Assert.True(answer.StatusCode == HttpStatusCode.BadRequest, $"{field}: {answer.StatusCode} {body}");
            Assert.Contains(field, body, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("\"malformed\"", body, StringComparison.Ordinal);
        }
    }
}
