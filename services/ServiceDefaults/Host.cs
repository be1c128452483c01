using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Tendering.Contracts;

namespace Tendering.ServiceDefaults;

/// <summary>Everything a host needs and no service should write twice. The same calls make a process of one service or of all.</summary>
public static class ServiceHost
{
    public static WebApplicationBuilder AddServiceDefaults(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        // Paths of requests say who does what on which tender before that may be known: the framework's request log stays off.
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning).AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Warning)
            .AddFilter("System.Net.Http", LogLevel.Warning).AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error).AddFilter("Microsoft.EntityFrameworkCore.Database.Command", LogLevel.None)
            .AddFilter("Microsoft.EntityFrameworkCore.Update", LogLevel.None).AddFilter("Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware", LogLevel.None);
        services.AddSingleton(Clock.From(builder.Configuration, builder.Environment));
        services.AddSingleton<Bus>().AddSingleton<Secrets>().AddSingleton(_ => Storage.From(builder.Configuration));
        services.AddProblemDetails(o => o.CustomizeProblemDetails = NameTheCode).AddExceptionHandler<ProblemHandler>();
        services.AddAccess(builder.Configuration, builder.Environment);
        services.AddHostedService<Telemetry>();
        services.AddHealthChecks().AddCheck<BusHealth>("bus", tags: ["ready"]);
        services.ConfigureHttpJsonOptions(o =>
        {
            o.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            o.SerializerOptions.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower));
            o.SerializerOptions.RespectNullableAnnotations = true;
            o.SerializerOptions.TypeInfoResolverChain.Insert(0, new DefaultJsonTypeInfoResolver { Modifiers = { RequireWhatIsNotNullable } });
        });
        services.Configure<ForwardedHeadersOptions>(o =>
        {
            o.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
            // The gateway's network, where it is another machine: only its word on a caller's address counts.
            foreach (var network in (builder.Configuration["Proxies:Trusted"] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
                o.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(network));
        });
        services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);
        services.Configure<Microsoft.AspNetCore.Server.Kestrel.Core.KestrelServerOptions>(o => o.AddServerHeader = false);
        ReceiveBlocks.Use(services);
        return builder;
    }

    /// <summary>A service: its database with outbox and relay, and, added to the result, what it hears and what falls due.</summary>
    public static ServiceRegistration<TDb> AddService<TDb>(this WebApplicationBuilder builder, string name) where TDb : DbContext
    {
        var services = builder.Services;
        var connection = builder.Configuration.GetConnectionString(name.Replace("-", "", StringComparison.Ordinal))
            ?? throw new InvalidOperationException($"The connection string '{name}' is not set.");
        services.AddKeyedSingleton(name, (_, _) => new NpgsqlDataSourceBuilder(connection) { Name = name }.Build());
        services.AddDbContext<TDb>((provider, options) => options.UseNpgsql(provider.GetRequiredKeyedService<NpgsqlDataSource>(name)), ServiceLifetime.Scoped, ServiceLifetime.Singleton);
        services.AddSingleton<IHostedService>(p => new Relay(name, p.GetRequiredKeyedService<NpgsqlDataSource>(name), p.GetRequiredService<Bus>(), p.GetRequiredService<ILogger<Relay>>(), p.GetKeyedService<IRushHour>(name)));
        services.AddSingleton<IHostedService>(p => ActivatorUtilities.CreateInstance<Housekeeping>(p, p.GetRequiredKeyedService<NpgsqlDataSource>(name)));
        services.AddHealthChecks().Add(new HealthCheckRegistration(name, p => new DatabaseHealth(p.GetRequiredKeyedService<NpgsqlDataSource>(name)), HealthStatus.Unhealthy, ["ready"]));
        services.AddOpenApi(name, o => o.ShouldInclude = d => d.GroupName == name);
        services.AddSingleton(new ServiceName(name, typeof(TDb).Assembly, connection));
        return new ServiceRegistration<TDb>(name, services);
    }

    /// <summary>The pipeline that every host runs, in order.</summary>
    public static WebApplication UseServiceDefaults(this WebApplication app)
    {
        app.UseForwardedHeaders();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.Use((context, next) => { Caller.Current = Caller.From(context); return next(); });
        app.UseIdempotency();
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false }).AllowEveryone();
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = c => c.Tags.Contains("ready") }).AllowEveryone();
        app.MapOpenApi("/openapi/{documentName}.json").AllowEveryone();
        return app;
    }

    /// <summary>The group that a service maps its features on: <c>/api/name</c>, one API document.</summary>
    public static RouteGroupBuilder MapService<TDb>(this IEndpointRouteBuilder app, string name) where TDb : DbContext
    {
        var routes = app.MapGroup($"/api/{name}").WithGroupName(name).WithTags(name);
        new Operations<TDb>(name, app.ServiceProvider.GetRequiredService<IReadOnlyList<Consumer<TDb>>>()).Map(routes, Roles.Operator);
        return routes;
    }

    // A status that no feature described (401, 403, 404, 405, 415, 429) still gets a stable code.
    private static void NameTheCode(ProblemDetailsContext context)
    {
        var problem = context.ProblemDetails;
        problem.Extensions["traceId"] = ProblemHandler.TraceOf(context.HttpContext);
        if (problem.Extensions.ContainsKey("code")) return;
        var code = ProblemHandler.CodeOf(problem.Status);
        problem.Extensions["code"] = code;
        problem.Type = $"/problems/{code}";
    }

    // A field that is left out is malformed like one of the wrong type, unless the request says that it may be missing: by '?' or a default.
    private static void RequireWhatIsNotNullable(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
            if (property.AssociatedParameter is { HasDefaultValue: false } parameter && Nullable.GetUnderlyingType(parameter.ParameterType) is null
                && (parameter.ParameterType.IsValueType || !parameter.IsNullable)) property.IsRequired = true;
    }

    private sealed class DatabaseHealth(NpgsqlDataSource database) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                await using var command = database.CreateCommand("select count(*) from schema_journal");
                return (long)(await command.ExecuteScalarAsync(cancellationToken))! > 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("not migrated");
            }
            catch (NpgsqlException) { return HealthCheckResult.Unhealthy("unreachable"); }
        }
    }

    private sealed class BusHealth(Bus bus) : IHealthCheck
    {
        // An instance that hears nothing, and waits while another relays, has had no reason to connect yet.
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                if (!bus.IsConnected) await (await bus.OpenChannelAsync(confirms: false, cancellationToken)).DisposeAsync();
                return HealthCheckResult.Healthy();
            }
            catch (Exception e) when (e is RabbitMQ.Client.Exceptions.RabbitMQClientException or IOException) { return HealthCheckResult.Unhealthy("unreachable"); }
        }
    }
}

/// <summary>A service of this process, for the migrator and for the tests that read what is registered.</summary>
public sealed record ServiceName(string Name, Assembly Assembly, string ConnectionString);

/// <summary>What one service hears and what falls due in it.</summary>
public sealed class ServiceRegistration<TDb> where TDb : DbContext
{
    private readonly List<Consumer<TDb>> _consumers = [];
    private readonly List<Due<TDb>> _dues = [];
    private readonly string _name;
    private readonly IServiceCollection _services;

    internal ServiceRegistration(string name, IServiceCollection services)
    {
        (_name, _services) = (name, services);
        services.AddSingleton<IReadOnlyList<Consumer<TDb>>>(_consumers);
        services.AddSingleton<IReadOnlyList<Due<TDb>>>(_dues);
    }

    /// <summary>Hears a type of event; the consumer's name is the feature's and stays the same, since the inbox remembers it.</summary>
    public ServiceRegistration<TDb> On<TEvent>(string consumer, Func<Received<TEvent>, TDb, CancellationToken, Task> handle) where TEvent : class
    {
        if (_consumers.Count == 0) _services.AddSingleton<IHostedService>(p => ActivatorUtilities.CreateInstance<Inbox<TDb>>(p, _name));
        _consumers.Add(new Consumer<TDb>(consumer, Outbox.NameOf(typeof(TEvent)).Name, (envelope, db, services, now, ct) =>
            handle(new Received<TEvent>(JsonSerializer.Deserialize<TEvent>(envelope.Payload, Outbox.Json)!, envelope, now, services), db, ct)));
        return this;
    }

    /// <summary>Hears everything, in batches.</summary>
    public ServiceRegistration<TDb> OnEverything(Func<IReadOnlyList<Envelope>, TDb, IServiceProvider, CancellationToken, Task> handle)
    {
        _services.AddSingleton<IHostedService>(p => ActivatorUtilities.CreateInstance<InboxOfEverything<TDb>>(p, _name, handle));
        return this;
    }

    /// <summary>Acts on rows of a table when their <c>next_due_at</c> comes; the handler must move it on or clear it.</summary>
    public ServiceRegistration<TDb> WhenDue(string table, Func<Guid, TDb, IServiceProvider, DateTimeOffset, CancellationToken, Task> handle)
    {
        if (_dues.Count == 0) _services.AddSingleton<IHostedService>(p => ActivatorUtilities.CreateInstance<DueLoop<TDb>>(p, p.GetRequiredKeyedService<NpgsqlDataSource>(_name)));
        _dues.Add(new Due<TDb>(table, handle));
        return this;
    }

    /// <summary>Makes at the start, once and in one transaction, what must be there and is not yet; instances that start together take turns, and the handler finds what another has made.</summary>
    public ServiceRegistration<TDb> AtFirstStart(string name, Func<TDb, IServiceProvider, DateTimeOffset, CancellationToken, Task> make)
    {
        _services.AddSingleton<IHostedService>(p => ActivatorUtilities.CreateInstance<FirstStart<TDb>>(p, name, make));
        return this;
    }
}
