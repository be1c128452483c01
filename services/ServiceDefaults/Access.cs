using System.Security.Claims;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Validation;
using Microsoft.IdentityModel.Tokens;

namespace Tendering.ServiceDefaults;

/// <summary>Who calls: from the signed token, or null ids for the public. <see cref="Address"/> is the network address that the law asks to record.</summary>
#pragma warning disable ASP0029 // the attribute may still change; without it the validator reads Person of a caller that has none, and the public gets a fault
[SkipValidation]
#pragma warning restore ASP0029
public sealed record Caller(Guid? PersonId, Guid? OrganisationId, string? Name, IReadOnlyList<string> Roles, string? Address)
{
    /// <summary>Machines and due moments act as the platform itself.</summary>
    public static Caller Platform { get; } = new(null, null, "platform", [], null);

    public Guid Person => PersonId ?? throw new ForbiddenException("This needs a person who is signed in.");
    public Guid Organisation => OrganisationId ?? throw new ForbiddenException("This needs a person of an organisation.");
    public bool Is(string role) => Roles.Contains(role);

    private static readonly AsyncLocal<Caller?> Ambient = new();

    /// <summary>The caller of the work at hand; events take their actor from it.</summary>
    public static Caller Current { get => Ambient.Value ?? Platform; set => Ambient.Value = value; }

    /// <summary>Lets a handler ask for its caller as a parameter.</summary>
    public static ValueTask<Caller?> BindAsync(HttpContext context) => ValueTask.FromResult<Caller?>(From(context));

    public static Caller From(HttpContext context)
    {
        var user = context.User;
        return new Caller(Id(user, "sub"), Id(user, "org"), user.FindFirstValue("name"), [.. user.FindAll("role").Select(c => c.Value)],
            context.Connection.RemoteIpAddress?.ToString());
    }

    private static Guid? Id(ClaimsPrincipal user, string claim) => Guid.TryParse(user.FindFirstValue(claim), out var id) ? id : null;
}

/// <summary>Says on a route who may call it; the matrix test reads it. Empty roles: anyone signed in; Everyone: also the public.</summary>
public sealed record AccessMetadata(IReadOnlyList<string> Roles, bool Everyone);

public static class Access
{
    public const string Audience = "tendering";

    public static TBuilder AllowRoles<TBuilder>(this TBuilder route, params string[] roles) where TBuilder : IEndpointConventionBuilder =>
        route.RequireAuthorization(policy => policy.RequireAuthenticatedUser().RequireRole(roles)).WithMetadata(new AccessMetadata(roles, false));

    public static TBuilder AllowSignedIn<TBuilder>(this TBuilder route) where TBuilder : IEndpointConventionBuilder =>
        route.RequireAuthorization(policy => policy.RequireAuthenticatedUser()).WithMetadata(new AccessMetadata([], false));

    public static TBuilder AllowEveryone<TBuilder>(this TBuilder route) where TBuilder : IEndpointConventionBuilder =>
        route.AllowAnonymous().WithMetadata(new AccessMetadata([], true));

    /// <summary>Short-lived JWTs from the authority that configuration names, by discovery; a route without a word on access is closed.</summary>
    public static void AddAccess(this IServiceCollection services, IConfiguration configuration, IHostEnvironment environment)
    {
        // The request that brings a token of a new key waits for the keys to be read, instead of being refused while they are.
        AppContext.SetSwitch("Switch.Microsoft.IdentityModel.UpdateConfigAsBlocking", true);
        services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer(options =>
        {
            options.Authority = configuration["Identity:Authority"];
            options.RequireHttpsMetadata = environment.IsProduction();
            options.MapInboundClaims = false;
            options.TokenHandlers.Clear();
            options.TokenHandlers.Add(new RememberingTokenHandler());
            options.RefreshInterval = TimeSpan.FromSeconds(5);          // a rotated key is looked up at once, at most this often
            options.TokenValidationParameters = new TokenValidationParameters
            {
                ValidAudience = Audience, NameClaimType = "name", RoleClaimType = "role", ClockSkew = TimeSpan.FromSeconds(30),
                ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
            };
        });
        // What is no route (404, 405, 415) is answered as such; a route that says nothing is closed to all.
        services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder()
            .RequireAssertion(context => context.Resource is HttpContext http && http.GetEndpoint() is not RouteEndpoint).Build());
    }
}
