using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Tendering.Gateway.Tests;

/// <summary>A real gateway before a small upstream, with the settings given.</summary>
public sealed class Door : IAsyncDisposable
{
    private readonly string _keys = Path.Combine(Path.GetTempPath(), "tendering-gateway-" + Guid.NewGuid().ToString("N"));
    private WebApplication? _app;

    public required Upstream Upstream { get; init; }
    public string Address { get; private set; } = "";

    public static async Task<Door> OpenAsync(params (string Key, string Value)[] settings)
    {
        var door = new Door { Upstream = await Upstream.StartAsync() };
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Development", ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration["urls"] = "http://127.0.0.1:0";
        builder.Configuration["Gateway:Keys"] = door._keys;
        foreach (var name in Destinations.Names) builder.Configuration[$"Services:{name.Replace("-", "", StringComparison.Ordinal)}"] = door.Upstream.Address;
        foreach (var (key, value) in settings) builder.Configuration[key] = value;
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        GatewayHost.Add(builder);
        door._app = builder.Build();
        GatewayHost.Use(door._app);
        await door._app.StartAsync();
        door.Address = door._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return door;
    }

    /// <summary>A browser: it keeps cookies and shows what it was sent.</summary>
    public Browser Browser() => new(new Uri(Address));

    public async ValueTask DisposeAsync()
    {
        if (_app is not null) await _app.DisposeAsync();
        await Upstream.DisposeAsync();
        if (Directory.Exists(_keys)) Directory.Delete(_keys, true);
    }
}

/// <summary>An HTTP client with a jar for cookies.</summary>
public sealed class Browser(Uri address) : HttpClient(new HttpClientHandler { CookieContainer = new CookieContainer(), AllowAutoRedirect = false })
{
    public Task<HttpResponseMessage> SignInAsync(string password = "right", string userName = "li") =>
        SendAsync(HttpMethod.Post, "/session", System.Net.Http.Json.JsonContent.Create(new { userName, password }));

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content = null, params (string Key, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, new Uri(address, path)) { Content = content };
        foreach (var (key, value) in headers) request.Headers.TryAddWithoutValidation(key, value);
        return SendAsync(request);
    }

    public Task<HttpResponseMessage> OpenAsync(string path, params (string Key, string Value)[] headers) => SendAsync(HttpMethod.Get, path, null, headers);
}
