using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Tendering.BankSimulator.Tests;

/// <summary>The system as the bank sees it: a token, a clock, notices taken once, orders listed until they are confirmed. It can be made to fail.</summary>
public sealed class FakeGateway : IAsyncDisposable
{
    public const string Secret = "a secret";
    public static readonly DateTimeOffset Now = new(2026, 3, 2, 1, 0, 0, TimeSpan.Zero);

    private readonly WebApplication _app;
    private int _tokens;

    public string Address => _app.Urls.First();
    public ConcurrentQueue<(string Key, JsonElement Body)> Notices { get; } = [];
    public ConcurrentQueue<(Guid Order, string Reference)> Confirmations { get; } = [];
    public ConcurrentDictionary<Guid, PaymentOrder> Orders { get; } = [];

    /// <summary>Answers notices and confirmations with these first, after having taken them: as if the answer were lost.</summary>
    public ConcurrentQueue<int> Failures { get; } = [];

    public bool IsDown { get; set; }
    public int Tokens => _tokens;
    public (int Status, object Body) NoticeAnswer { get; set; } = (201, new { transferId = Guid.NewGuid(), outcome = "secured" });

    private FakeGateway(WebApplication app) => _app = app;

    public static async Task<FakeGateway> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var gateway = new FakeGateway(builder.Build());
        gateway.Map();
        await gateway._app.StartAsync();
        return gateway;
    }

    private void Map()
    {
        _app.Use((http, next) => IsDown ? Results.StatusCode(503).ExecuteAsync(http) : next(http));
        _app.MapPost("/connect/token", async (HttpRequest request) =>
        {
            var form = await request.ReadFormAsync();
            if (form["client_id"] != "bank" || form["client_secret"] != Secret || form["grant_type"] != "client_credentials") return Results.StatusCode(401);
            return Results.Ok(new { access_token = $"token-{Interlocked.Increment(ref _tokens)}", token_type = "Bearer", expires_in = 300 });
        });
        _app.MapGet("/api/identity/clock", () => new { mode = "simulated", now = Now, rate = 1 });
        _app.MapPost("/api/escrow/bank-notices", (HttpRequest request, JsonElement body) =>
        {
            if (!IsSignedIn(request)) return Results.StatusCode(401);
            Notices.Enqueue((request.Headers["Idempotency-Key"].ToString(), body));
            return Failures.TryDequeue(out var status) ? Results.StatusCode(status) : Results.Json(NoticeAnswer.Body, statusCode: NoticeAnswer.Status);
        });
        _app.MapGet("/api/escrow/payment-orders", (HttpRequest request, long after) =>
            IsSignedIn(request) ? Results.Ok(Orders.Values.Where(o => o.Sequence > after).OrderBy(o => o.Sequence).Take(2)) : Results.StatusCode(401));
        _app.MapPost("/api/escrow/payment-orders/{id:guid}/confirmation", (Guid id, HttpRequest request, JsonElement body) =>
        {
            if (!IsSignedIn(request)) return Results.StatusCode(401);
            Confirmations.Enqueue((id, body.GetProperty("bankReference").GetString()!));
            if (Failures.TryDequeue(out var status)) return Results.StatusCode(status);
            Orders.TryRemove(id, out _);
            return Results.Ok(new { transferId = id });
        });
    }

    private bool IsSignedIn(HttpRequest request) => request.Headers.Authorization == $"Bearer token-{_tokens}";

    public void Revoke() => Interlocked.Increment(ref _tokens);

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
