using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Tendering.Identity.Data;
using Tendering.Identity.Domain;
using Tendering.Identity.Features;
using Tendering.Identity.Keys;
using Tendering.ServiceDefaults;

namespace Tendering.Identity;

/// <summary>Organisations, people, roles, signing certificates: who you are and what you may do.</summary>
public static class IdentityService
{
    public const string Name = "identity";

    public static void Add(WebApplicationBuilder builder)
    {
        var services = builder.Services;
        var iterations = Iterations(builder);
        services.AddValidation();
        builder.AddService<IdentityDb>(Name);
        services.AddIdentityCore<Person>(o => o.Password = new PasswordOptions
        {
            // Length is what counts; a recipe of characters makes passwords alike.
            RequiredLength = Bounds.PasswordMin, RequireDigit = false, RequireLowercase = false, RequireUppercase = false, RequireNonAlphanumeric = false,
        }).AddEntityFrameworkStores<IdentityDb>();
        services.Configure<PasswordHasherOptions>(o => o.IterationCount = iterations);
        services.AddSingleton(new RealClock(TimeProvider.System)).AddSingleton<SigningKeys>().AddSingleton<AccessTokens>().AddSingleton<LocalAuthority>().AddSingleton<SignInGuard>();
        services.AddScoped<Enrolment>().AddScoped<Passwords>();
        services.AddHostedService<Upkeep>();
        if (builder.Environment.IsDevelopment()) AddDevelopmentAccounts(services);
    }

    public static void Map(IEndpointRouteBuilder app)
    {
        var routes = app.MapService<IdentityDb>(Name);
        RegisterOrganisation.Map(routes);
        OpenAccount.Map(routes);
        SignIn.Map(routes);
        GetToken.Map(routes);
        SignOut.Map(routes);
        GetMe.Map(routes);
        ListOrganisations.Map(routes);
        ListCertificates.Map(routes);
        RevokeCertificate.Map(routes);
        GetClock.Map(routes);
        MoveClock.Map(routes);
        RotateSigningKeys.Map(routes);
        // Where the standards want them: at the root.
        var root = app.MapGroup("").WithGroupName(Name).WithTags(Name);
        Discovery.Map(root);
        GetMachineToken.Map(root);
    }

    private static void AddDevelopmentAccounts(IServiceCollection services)
    {
        services.AddSingleton<SeedDevelopmentAccounts>().AddHostedService(p => p.GetRequiredService<SeedDevelopmentAccounts>());
        services.AddHealthChecks().Add(new HealthCheckRegistration("accounts", p => p.GetRequiredService<SeedDevelopmentAccounts>(), HealthStatus.Unhealthy, ["ready"]));
    }

    // PBKDF2 with HMAC-SHA512: what OWASP asks for, and cheap where a replay registers a market in seconds.
    private const int IterationsUsual = 210_000, IterationsMin = 100_000, IterationsDevelopment = 10_000;

    private static int Iterations(WebApplicationBuilder builder)
    {
        var count = builder.Configuration.GetValue("Passwords:Iterations", builder.Environment.IsDevelopment() ? IterationsDevelopment : IterationsUsual);
        return count >= IterationsMin || !builder.Environment.IsProduction()
            ? count
            : throw new InvalidOperationException($"Passwords:Iterations is {count}; in production it is at least {IterationsMin}.");
    }
}
