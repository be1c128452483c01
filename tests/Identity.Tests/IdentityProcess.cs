using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using Tendering.Identity.Features;
using Tendering.ServiceDefaults;
using Tendering.Testing;

namespace Tendering.Identity.Tests;

/// <summary>Identity as it runs: nothing replaced, its own tokens found by discovery at its own address, in the environment and with the settings given.</summary>
public sealed class IdentityProcess : IAsyncDisposable
{
    private readonly WebApplication _app;

    private readonly bool _ownsDatabase;

    private IdentityProcess(WebApplication app, string address, string connection, bool ownsDatabase) =>
        (_app, Address, ConnectionString, _ownsDatabase) = (app, address, connection, ownsDatabase);

    public string Address { get; }
    public string ConnectionString { get; }
    public IServiceProvider Services => _app.Services;

    public static async Task<IdentityProcess> StartAsync(string environment, string? connection = null, params (string Key, string Value)[] settings)
    {
        var owns = connection is null;
        connection ??= Servers.ConnectionOf(IdentityService.Name, Guid.NewGuid().ToString("N")[..12]);
        var address = $"http://127.0.0.1:{FreePort()}";
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = environment });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["urls"] = address, ["ConnectionStrings:identity"] = connection, ["TENDERING_RABBIT"] = Servers.Rabbit, ["Bus:Prefix"] = "t" + Guid.NewGuid().ToString("N")[..12],
            ["Keys:Master"] = Convert.ToBase64String(SHA256.HashData("identity tests"u8)), ["Storage:Folder"] = Path.GetTempPath(),
            ["Identity:Authority"] = environment == "Production" ? "https://identity.invalid" : address,                // plain HTTP is refused there
        });
        builder.Configuration.AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value)));
        builder.AddServiceDefaults();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        IdentityService.Add(builder);
        await Migrator.MigrateAsync(Servers.Postgres, connection, typeof(IdentityService).Assembly, default);
        var app = builder.Build().UseServiceDefaults();
        IdentityService.Map(app);
        await app.StartAsync();
        var process = new IdentityProcess(app, address, connection, owns);
        await ServiceFixture.EventuallyAsync(async () => (await process.Client().GetAsync("/health/ready")).IsSuccessStatusCode, "readiness");
        return process;
    }

    public HttpClient Client(string? token = null)
    {
        var client = new HttpClient { BaseAddress = new Uri(Address) };
        if (token is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    public Task<HttpResponseMessage> SignInAsync(string userName, string password) => Client().PostAsJsonAsync("/api/identity/sessions", new { userName, password });

    public async Task<string> TokenOfAsync(string userName) =>
        (await (await SignInAsync(userName, SeedDevelopmentAccounts.DefaultPassword)).Content.ReadFromJsonAsync<JsonElement>()).GetProperty("accessToken").GetString()!;

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        var bus = Services.GetRequiredService<Bus>();
        await using (var channel = await bus.OpenChannelAsync(confirms: false, default))
        {
            await channel.QueueDeleteAsync(bus.ReplayQueueOf(IdentityService.Name), false, false);
            await channel.ExchangeDeleteAsync(bus.Events);
        }
        await _app.DisposeAsync();
        if (_ownsDatabase) await Servers.DropAsync(ConnectionString);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
