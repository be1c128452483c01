using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;
using RabbitMQ.Client;
using Tendering.Contracts.Platform;
using Tendering.ServiceDefaults;
using Xunit;

namespace Tendering.Testing;

/// <summary>
/// One real service over HTTP, on a database and queues of its own; nothing is replaced but the clock and who signs the tokens.
/// Derive a class per service and use it as a class fixture.
/// </summary>
public class ServiceFixture(string service, Action<WebApplicationBuilder> add, Action<IEndpointRouteBuilder> map, Action<IConfigurationBuilder>? configure = null) : IAsyncLifetime
{
    private const string Issuer = "https://tests.invalid";
    private static readonly TimeSpan EventuallyMax = TimeSpan.FromSeconds(60);

    private readonly string _run = Guid.NewGuid().ToString("N")[..12];
    private readonly ECDsaSecurityKey _key = new(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = "tests" };
    private WebApplication? _app;

    public TestClock Clock { get; } = new();

    /// <summary>Further settings of one test.</summary>
    public Action<IConfigurationBuilder> Configure { get; init; } = _ => { };

    public IServiceProvider Services => _app!.Services;
    public string Address { get; private set; } = "";
    public string ConnectionString { get; private set; } = "";
    public string Run => _run;
    public string StorageFolder => Path.Combine(Path.GetTempPath(), "tendering-" + _run);

    public async ValueTask InitializeAsync()
    {
        ConnectionString = Servers.ConnectionOf(service, _run);
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Development" });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["urls"] = "http://127.0.0.1:0",
            [$"ConnectionStrings:{service.Replace("-", "", StringComparison.Ordinal)}"] = ConnectionString,
            ["TENDERING_RABBIT"] = Servers.Rabbit, ["Bus:Prefix"] = "t" + _run,
            ["Keys:Master"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
            ["Storage:Folder"] = StorageFolder,
            ["Identity:Authority"] = Issuer,
        });
        configure?.Invoke(builder.Configuration);
        Configure(builder.Configuration);
        builder.AddServiceDefaults();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        add(builder);
        builder.Services.Replace(ServiceDescriptor.Singleton<TimeProvider>(Clock));
        builder.Services.PostConfigure<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme, TrustTests);
        var assembly = builder.Services.Select(s => s.ImplementationInstance).OfType<ServiceName>().Single().Assembly;
        await Migrator.MigrateAsync(Servers.Postgres, ConnectionString, assembly, default);
        _app = builder.Build();
        _app.UseServiceDefaults();
        map(_app);
        await _app.StartAsync();
        Address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (_app is null) return;
        await _app.StopAsync();
        await DeleteQueuesAsync();                       // not before: who listens would declare them again
        await _app.DisposeAsync();
        await Servers.DropAsync(ConnectionString);
        if (Directory.Exists(StorageFolder)) Directory.Delete(StorageFolder, true);
        GC.SuppressFinalize(this);
    }

    /// <summary>A client of the public.</summary>
    public HttpClient Public() => new() { BaseAddress = new Uri(Address) };

    /// <summary>A client signed in with a role, as a person of an organisation (new ones unless given).</summary>
    public HttpClient As(string role, Guid? organisation = null, Guid? person = null) => As([role], organisation, person);

    public HttpClient As(string[] roles, Guid? organisation = null, Guid? person = null)
    {
        var client = Public();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", TokenFor(roles, organisation ?? Guid.CreateVersion7(), person ?? Guid.CreateVersion7()));
        return client;
    }

    /// <summary>A good token, unless the test changes it.</summary>
    public string TokenFor(string[] roles, Guid organisation, Guid person, Action<SecurityTokenDescriptor>? change = null)
    {
        var token = DescriptorFor(roles, organisation, person);
        change?.Invoke(token);
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(token);
    }

    private SecurityTokenDescriptor DescriptorFor(string[] roles, Guid organisation, Guid person) => new()
    {
        Issuer = Issuer, Audience = Access.Audience, Expires = DateTime.UtcNow.AddMinutes(30), SigningCredentials = new SigningCredentials(_key, SecurityAlgorithms.EcdsaSha256),
        Subject = new ClaimsIdentity([new("sub", person.ToString()), new("org", organisation.ToString()), new("name", "Test"), .. roles.Select(r => new Claim("role", r))]),
    };

    /// <summary>Sends an event as another service would; returns its id. The same id twice is the same event.</summary>
    public async Task<Guid> HearAsync<T>(T message, string source = "elsewhere", Guid? id = null, long sequence = 1, DateTimeOffset? at = null) where T : class
    {
        var name = Outbox.NameOf(typeof(T));
        var envelope = new Envelope(id ?? Guid.CreateVersion7(), name.Name, name.Version, source, sequence, Outbox.TenderOf(message),
            JsonSerializer.Serialize(message, Outbox.Json), name.SecretUntil, null, null, null, null, null, at ?? Clock.GetUtcNow(), null);
        await ListensAsync();
        var bus = Services.GetRequiredService<Bus>();
        await using var channel = await bus.OpenChannelAsync(confirms: true, default);
        await channel.BasicPublishAsync(bus.Events, envelope.Type, mandatory: true, new BasicProperties { MessageId = envelope.Id.ToString() }, JsonSerializer.SerializeToUtf8Bytes(envelope, Outbox.Json));
        return envelope.Id;
    }

    /// <summary>Waits until the service hears what is sent.</summary>
    public Task ListensAsync() => EventuallyAsync(async () =>
    {
        var bus = Services.GetRequiredService<Bus>();
        // A channel of its own each time: asking for a queue that is not there yet closes it.
        await using var channel = await bus.OpenChannelAsync(confirms: false, default);
        return (await channel.QueueDeclarePassiveAsync(bus.QueueOf(service))).ConsumerCount > 0;
    }, "a consumer");

    /// <summary>The events of a type that the service has written, in order.</summary>
    public async Task<IReadOnlyList<T>> PublishedAsync<T, TDb>() where T : class where TDb : DbContext
    {
        await using var scope = Services.CreateAsyncScope();
        var type = Outbox.NameOf(typeof(T)).Name;
        var rows = await scope.ServiceProvider.GetRequiredService<TDb>().Set<OutboxEvent>().AsNoTracking().Where(e => e.Type == type).OrderBy(e => e.Position).ToListAsync();
        return [.. rows.Select(r => JsonSerializer.Deserialize<T>(r.Payload, Outbox.Json)!)];
    }

    /// <summary>The documents of a kind and subject that the service has made public, their parts put together; each must be the one of its hash.</summary>
    public async Task<string[]> DocumentsAsync<TDb>(string kind, Guid subject) where TDb : DbContext
    {
        var documents = (await PublishedAsync<DocumentPublished, TDb>()).Where(d => d.Kind == kind && d.Subject == subject).GroupBy(d => d.Sha256).ToArray();
        foreach (var document in documents)
        {
            Assert.Equal(Enumerable.Range(1, document.First().Parts), document.Select(d => d.Part));
            Assert.Equal(document.Key, Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(string.Concat(document.Select(d => d.Text))))));
        }
        return [.. documents.Select(d => string.Concat(d.Select(part => part.Text)))];
    }

    /// <summary>Reads or changes the service's own database.</summary>
    public async Task<T> InDbAsync<TDb, T>(Func<TDb, Task<T>> work) where TDb : DbContext
    {
        await using var scope = Services.CreateAsyncScope();
        return await work(scope.ServiceProvider.GetRequiredService<TDb>());
    }

    /// <summary>Polls until the effect is there, or fails after a bounded time.</summary>
    public static async Task EventuallyAsync(Func<Task<bool>> holds, string what = "the effect")
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            try { if (await holds()) return; }
            catch (Exception e) when (Stopwatch.GetElapsedTime(start) < EventuallyMax && (e is RabbitMQ.Client.Exceptions.OperationInterruptedException || ProblemHandler.IsDatabaseAway(e))) { }
            if (Stopwatch.GetElapsedTime(start) > EventuallyMax) Assert.Fail($"Waited {EventuallyMax.TotalSeconds} s for {what}.");
            await Task.Delay(20);
        }
    }

    private void TrustTests(JwtBearerOptions options)
    {
        options.Authority = null;
        options.ConfigurationManager = null;
        options.Configuration = new OpenIdConnectConfiguration { Issuer = Issuer };
        options.Configuration.SigningKeys.Add(_key);
        options.TokenValidationParameters.ValidIssuer = Issuer;
        options.TokenValidationParameters.IssuerSigningKey = _key;
    }

    private async Task DeleteQueuesAsync()
    {
        var bus = Services.GetRequiredService<Bus>();
        await using var channel = await bus.OpenChannelAsync(confirms: false, default);
        foreach (var queue in QueuesOf(bus)) await channel.QueueDeleteAsync(queue, false, false);
        await channel.ExchangeDeleteAsync(bus.Events);
    }

    /// <summary>What is deleted at the end; a test that makes further queues adds them.</summary>
    protected virtual IEnumerable<string> QueuesOf(Bus bus) => [bus.QueueOf(service), bus.ReplayQueueOf(service), bus.QueueOf(service) + ".unreadable"];
}

public static class HttpClientExtensions
{
    /// <summary>A POST with an Idempotency-Key of its own, or the one given.</summary>
    public static Task<HttpResponseMessage> PostAsync<T>(this HttpClient client, string path, T body, string? key = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body, options: Outbox.Json) };
        request.Headers.Add(Idempotency.Header, key ?? Guid.NewGuid().ToString());
        return client.SendAsync(request);
    }

    /// <summary>The stable code of a problem answer.</summary>
    public static async Task<string?> CodeAsync(this HttpResponseMessage response) =>
        (await response.Content.ReadFromJsonAsync<JsonElement>()).TryGetProperty("code", out var code) ? code.GetString() : null;
}
