using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Tendering.Contracts;
using Tendering.Contracts.Identity;
using Tendering.Identity.Data;
using Tendering.Testing;

namespace Tendering.Identity.Tests.Features;

public class RevokeCertificateTests(IdentityHost host) : IClassFixture<IdentityHost>
{
    [Fact]
    public async Task A_revoked_certificate_is_shown_as_revoked_told_and_revoked_once()
    {
        var (_, registered) = await host.RegisterAsync();
        var serial = X509Certificate2.CreateFromPem(registered.Certificate).SerialNumber;
        var path = $"/api/identity/certificates/{registered.OrganisationId}/revocation";
        var request = new { serialNumber = serial, reason = "key lost" };

        Assert.Equal(HttpStatusCode.NoContent, (await host.As(Roles.Supervisor).PostAsync(path, request)).StatusCode);
        var listed = await host.Public().GetFromJsonAsync<JsonElement>($"/api/identity/certificates/{registered.OrganisationId}");
        Assert.Equal(("key lost", host.Clock.GetUtcNow()), (listed[0].GetProperty("revocationReason").GetString(), listed[0].GetProperty("revokedAt").GetDateTimeOffset()));
        Assert.Single(await host.PublishedAsync<CertificateRevoked, IdentityDb>(), e => e.SerialNumber == serial && e.Reason == "key lost");

        var again = await host.As(Roles.Operator).PostAsync(path, request);
        Assert.Equal((HttpStatusCode.Conflict, "certificate-revoked"), (again.StatusCode, await again.CodeAsync()));
    }

    [Fact]
    public async Task Another_organisations_certificate_is_not_found_and_strangers_may_not()
    {
        var ((_, one), (_, other)) = (await host.RegisterAsync(), await host.RegisterAsync());
        var request = new { serialNumber = X509Certificate2.CreateFromPem(one.Certificate).SerialNumber, reason = "x" };
        Assert.Equal(HttpStatusCode.NotFound, (await host.As(Roles.Operator).PostAsync($"/api/identity/certificates/{other.OrganisationId}/revocation", request)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await host.As(Roles.Bidder).PostAsync($"/api/identity/certificates/{one.OrganisationId}/revocation", request)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Public().GetAsync($"/api/identity/certificates/{Guid.NewGuid()}")).StatusCode);
    }
}
