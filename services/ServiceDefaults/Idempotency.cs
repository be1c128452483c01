using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Tendering.ServiceDefaults;

/// <summary>
/// A POST that creates takes an <c>Idempotency-Key</c>. The key, the effect, its events and the answer commit in one transaction,
/// so a repeat after any failure gives the same answer or happens for the first time; the same key with another body is refused.
/// </summary>
public static class Idempotency
{
    public const string Header = "Idempotency-Key";
    public const int KeyLengthMax = 100;
    public const long BodyMax = 4 * 1024 * 1024;
    private const string BodyHash = "Tendering.BodyHash";

    public static RouteHandlerBuilder Idempotent<TDb>(this RouteHandlerBuilder route) where TDb : DbContext => route
        .AddEndpointFilter<RouteHandlerBuilder, Filter<TDb>>()
        .ProducesProblem(409)
        .WithMetadata(new IdempotentMetadata());

    /// <summary>Marks the route, so that the API document can name the header.</summary>
    public sealed record IdempotentMetadata;

    /// <summary>Reads the body once before it is bound, so that its hash is known.</summary>
    public static void UseIdempotency(this IApplicationBuilder app) => app.Use(async (context, next) =>
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<IdempotentMetadata>() is not null)
        {
            if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = BodyMax;
            context.Request.EnableBuffering(bufferThreshold: 256 * 1024);
            context.Items[BodyHash] = await SHA256.HashDataAsync(context.Request.Body, context.RequestAborted);
            context.Request.Body.Position = 0;
        }
        await next();
    });

    private sealed class Filter<TDb>(TDb db, IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions> json) : IEndpointFilter where TDb : DbContext
    {
        public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
        {
            var http = context.HttpContext;
            var (key, ct) = (http.Request.Headers[Header].ToString(), http.RequestAborted);
            if (key.Length is 0 or > KeyLengthMax) throw new MalformedException(Header, $"A header {Header} of 1 to {KeyLengthMax} characters is needed: make one (a UUID) and keep it for repeats.");
            var hash = (byte[])http.Items[BodyHash]!;
            var caller = CallerOf(http, hash);
            var route = $"{http.Request.Method} {http.Request.Path}";

            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            // Two repeats at once: the second waits here until the first has committed, and then finds its answer.
            var mine = await db.Database.ExecuteSqlAsync(
                $"insert into idempotency (caller, key, route, body_hash) values ({caller}, {key}, {route}, {hash}) on conflict do nothing", ct);
            if (mine == 0) return await RepeatAsync(caller, key, route, hash, ct);

            var result = await next(context);
            var (status, value, location) = Read(result);
            if (status is < 200 or >= 300) return result;                     // nothing happened, nothing is remembered
            var body = value is null ? null : JsonSerializer.Serialize(value, json.Value.SerializerOptions);
            await db.Database.ExecuteSqlAsync($"update idempotency set status = {status}, location = {location}, response = {body} where caller = {caller} and key = {key}", ct);
            await transaction.CommitAsync(ct);
            return result;
        }

        private async Task<IResult> RepeatAsync(string caller, string key, string route, byte[] hash, CancellationToken ct)
        {
            var known = await db.Database.SqlQuery<Known>(
                $"select route as \"Route\", body_hash as \"BodyHash\", status as \"Status\", location as \"Location\", response as \"Response\" from idempotency where caller = {caller} and key = {key}").SingleAsync(ct);
            Rule.Require(known.Route == route && known.BodyHash.AsSpan().SequenceEqual(hash), "idempotency-key-reused",
                $"This {Header} was used for another request: make a new one.");
            return new Repeated(known.Status!.Value, known.Location, known.Response);
        }

        // Without a signed-in caller the body itself keeps strangers' keys apart.
        private static string CallerOf(HttpContext http, byte[] hash) =>
            http.User.FindFirst("sub")?.Value ?? http.User.FindFirst("client_id")?.Value ?? "public:" + Convert.ToHexStringLower(hash);

        private static (int Status, object? Value, string? Location) Read(object? result)
        {
            while (result is INestedHttpResult nested) result = nested.Result;
            var location = result?.GetType().GetProperty("Location")?.GetValue(result) as string;
            return result is IResult ? ((result as IStatusCodeHttpResult)?.StatusCode ?? 200, (result as IValueHttpResult)?.Value, location) : (200, result, null);
        }
    }

    private sealed record Known(string Route, byte[] BodyHash, int? Status, string? Location, string? Response);

    private sealed class Repeated(int status, string? location, string? body) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = status;
            if (location is not null) httpContext.Response.Headers.Location = location;
            if (body is null) return Task.CompletedTask;
            httpContext.Response.ContentType = "application/json; charset=utf-8";
            return httpContext.Response.WriteAsync(body, Encoding.UTF8, httpContext.RequestAborted);
        }
    }
}
