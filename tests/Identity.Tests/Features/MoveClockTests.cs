using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Tendering.Contracts;
using Tendering.Identity.Features;
using Tendering.Testing;

namespace Tendering.Identity.Tests.Features;

public class MoveClockTests(IdentityHost host) : IClassFixture<IdentityHost>
{
    private const string Path = "/api/identity/clock";

    [Fact]
    public async Task A_real_clock_is_shown_and_not_moved()
    {
        var shown = await host.Public().GetFromJsonAsync<GetClock.Response>(Path);
        Assert.Equal(("real", host.Clock.GetUtcNow(), 1), (shown!.Mode, shown.Now, shown.Rate));
        var moved = await host.As(Roles.Operator).PostAsJsonAsync(Path, new { rate = 2 });
        Assert.Equal((HttpStatusCode.Conflict, "clock-is-real"), (moved.StatusCode, await moved.CodeAsync()));
        Assert.Equal(HttpStatusCode.Forbidden, (await host.As(Roles.Supervisor).PostAsJsonAsync(Path, new { rate = 2 })).StatusCode);
    }

    [Fact]
    public async Task A_simulated_clock_goes_forward_and_never_back_while_tokens_keep_to_real_time()
    {
        var file = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "clock-" + Guid.NewGuid().ToString("N"));
        await using var process = await IdentityProcess.StartAsync("Development", null, ("Clock:Mode", "simulated"), ("Clock:File", file));
        var @operator = process.Client(await process.TokenOfAsync("operator"));
        var to = DateTimeOffset.UtcNow.AddYears(2);
        var moved = await (await @operator.PostAsJsonAsync(Path, new { to, rate = 60.0 })).Content.ReadFromJsonAsync<GetClock.Response>();
        Assert.Equal(("simulated", 60.0), (moved!.Mode, moved.Rate));
        Assert.True(moved.Now >= to);

        var back = await @operator.PostAsJsonAsync(Path, new { to = DateTimeOffset.UtcNow });
        Assert.Equal((HttpStatusCode.Conflict, "clock-moves-forward"), (back.StatusCode, await back.CodeAsync()));
        Assert.Equal("clock-rate", await (await @operator.PostAsJsonAsync(Path, new { rate = 0 })).CodeAsync());

        var registered = await IdentityHost.PostAsync(process.Client(), "/api/identity/organisations", IdentityHost.Bidder());
        var certificate = await registered.Content.ReadFromJsonAsync<RegisterOrganisation.Response>();
        using var x509 = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(certificate!.Certificate);
        Assert.True(x509.NotBefore.ToUniversalTime() >= to.AddSeconds(-1).UtcDateTime);
        Assert.Equal(HttpStatusCode.OK, (await process.Client(await process.TokenOfAsync("agency")).GetAsync("/api/identity/me")).StatusCode);
        foreach (var left in Directory.GetFiles(System.IO.Path.GetTempPath(), System.IO.Path.GetFileName(file) + "*")) File.Delete(left);
    }
}
