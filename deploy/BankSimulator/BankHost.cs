using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Diagnostics;

namespace Tendering.BankSimulator;

/// <summary>
/// A bank for the local run: bidders' accounts, payments to the escrow account with a camt.054 for each and a camt.053 for each day, and the
/// payment of what escrow orders in pain.001 files. It misbehaves when asked to. It is a stranger to the system: it knows only the gateway's address and its own secret.
/// </summary>
public static partial class BankHost
{
    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning).AddFilter("System.Net.Http", LogLevel.Warning)
            .AddFilter("Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware", LogLevel.None);
        builder.Services.ConfigureHttpJsonOptions(o =>
        {
            o.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            o.SerializerOptions.RespectNullableAnnotations = true;
            o.SerializerOptions.RespectRequiredConstructorParameters = true;
        });
        builder.Services.AddSingleton<Bank>().AddSingleton<CamtFiles>().AddSingleton<DeliverNotices>().AddHostedService(p => p.GetRequiredService<DeliverNotices>()).AddHostedService<PayOrders>()
            .AddSingleton<SendStatements>().AddHostedService(p => p.GetRequiredService<SendStatements>());
        builder.Services.AddHttpClient<Gateway>(http => (http.BaseAddress, http.Timeout) = (new Uri(Setting(builder, "Gateway:Url")), TimeSpan.FromSeconds(15)));
        builder.Services.AddSingleton<Token>();
        builder.Services.AddHealthChecks();

        var app = builder.Build();
        app.UseExceptionHandler(errors => errors.Run(RefuseAsync));
        app.MapHealthChecks("/health/live");
        app.MapHealthChecks("/health/ready");
        Routes.Map(app);
        app.Services.GetRequiredService<Bank>();                  // what the journal holds is there before the first request
        return app;
    }

    private static string Setting(WebApplicationBuilder builder, string name) => builder.Configuration[name] ?? throw new InvalidOperationException($"{name} is not set.");

    private static Task RefuseAsync(HttpContext http)
    {
        var exception = http.Features.Get<IExceptionHandlerFeature>()!.Error;
        var (status, code) = exception switch
        {
            BankRefusalException refusal => (refusal.Status, refusal.Code),
            BadHttpRequestException or JsonException => (400, "malformed"),
            HttpRequestException or TaskCanceledException => (503, "gateway-unreachable"),
            _ => (500, "fault"),
        };
        if (status == 500) http.RequestServices.GetRequiredService<ILogger<Bank>>().LogFault(exception);
        return Results.Problem(statusCode: status, title: exception.Message, extensions: new Dictionary<string, object?> { ["code"] = code }).ExecuteAsync(http);
    }

    [LoggerMessage(LogLevel.Error, "A request failed.")]
    private static partial void LogFault(this ILogger log, Exception e);
}

/// <summary>The bank says no.</summary>
public sealed class BankRefusalException(int status, string code, string message) : Exception(message)
{
    public int Status { get; } = status;
    public string Code { get; } = code;
}
