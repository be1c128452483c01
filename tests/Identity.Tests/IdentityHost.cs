using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Tendering.Identity.Domain;
using Tendering.Identity.Features;
using Tendering.Protocols;
using Tendering.ServiceDefaults;
using Tendering.Testing;

namespace Tendering.Identity.Tests;

/// <summary>Identity with a market clock that stands and a real clock that tests can advance, ready when its development accounts are there.</summary>
public sealed class IdentityHost : ServiceFixture, IAsyncLifetime
{
    public const string BankSecret = "the bank's secret of these tests";
    private static int _codes;

    /// <summary>As the API writes: enumerations in kebab case.</summary>
    public static readonly JsonSerializerOptions Json = new(Outbox.Json) { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) } };

    public IdentityHost() : this(new TestClock()) { }

    private IdentityHost(TestClock real) : base(IdentityService.Name, builder => Add(builder, real), IdentityService.Map, BankSecretOf)
    {
        // Tokens are checked against real time.
        real.MoveTo(DateTimeOffset.UtcNow);
        Real = real;
    }

    public TestClock Real { get; }

    public new async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await EventuallyAsync(async () => (await Public().GetAsync("/health/ready")).IsSuccessStatusCode, "the development accounts");
    }

    /// <summary>A social credit code that no other test uses.</summary>
    public static string NewCode() => SocialCreditCode.Complete($"91330106{Interlocked.Increment(ref _codes):000000000}");

    public static string NewRequest(ECDsa? key = null, string subject = "CN=whatever")
    {
        using var made = key is null ? ECDsa.Create(ECCurve.NamedCurves.nistP256) : null;
        return new CertificateRequest(subject, key ?? made!, HashAlgorithmName.SHA256).CreateSigningRequestPem();
    }

    public static RegisterOrganisation.Request Bidder(string? userName = null, string? code = null, string? request = null) => new(
        code ?? NewCode(), "Careful Builders Ltd 细心建设", OrganisationKind.Bidder, new("6222020200001234567", "Careful Builders Ltd"), request ?? NewRequest(),
        new(userName ?? "b" + Guid.NewGuid().ToString("N")[..12], "a long enough password", "Li Ming"));

    public async Task<(RegisterOrganisation.Request Request, RegisterOrganisation.Response Answer)> RegisterAsync()
    {
        var request = Bidder();
        var answer = await PostAsync(Public(), "/api/identity/organisations", request);
        return (request, (await answer.Content.ReadFromJsonAsync<RegisterOrganisation.Response>())!);
    }

    public static Task<HttpResponseMessage> PostAsync<T>(HttpClient client, string path, T body, string? key = null) =>
        client.PostAsync(path, JsonSerializer.SerializeToElement(body, Json), key);

    public Task<HttpResponseMessage> SignInAsync(string userName, string password) => Public().PostAsJsonAsync("/api/identity/sessions", new { userName, password });

    private static void Add(WebApplicationBuilder builder, TestClock real)
    {
        IdentityService.Add(builder);
        builder.Services.Replace(ServiceDescriptor.Singleton(new RealClock(real)));
    }

    private static void BankSecretOf(IConfigurationBuilder configuration) =>
        configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Machines:bank:Secret"] = BankSecret });
}
