using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Tendering.Contracts;
using Tendering.Identity.Keys;
using Tendering.ServiceDefaults;

namespace Tendering.Identity.Features;

/// <summary>Machines sign in by client credentials (RFC 6749, 4.4): <c>Machines:NAME:Secret</c> is its secret, and without one there is no such machine.</summary>
public static class GetMachineToken
{
    private const int FormMax = 4 * 1024;

    // Each machine that there can be, and the one role it acts in.
    private static readonly Dictionary<string, string> RoleOf = new() { ["bank"] = Roles.Bank };

    public sealed record Response(
        [property: JsonPropertyName("access_token")] string AccessToken, [property: JsonPropertyName("token_type")] string TokenType,
        [property: JsonPropertyName("expires_in")] int ExpiresIn);

    public sealed record Error([property: JsonPropertyName("error")] string Code, [property: JsonPropertyName("error_description")] string Description);

    public static void Map(IEndpointRouteBuilder root) => root.MapPost("/connect/token", Handle)
        .AllowEveryone().WithMetadata(new RequestSizeLimitAttribute(FormMax))
        .Produces<Response>().Produces<Error>(400).Produces<Error>(401).WithSummary("A machine's access token (client credentials)");

    private static async Task<IResult> Handle(HttpContext http, AccessTokens tokens, IConfiguration configuration, CancellationToken ct)
    {
        http.Response.Headers.CacheControl = "no-store";
        if (await ReadAsync(http.Request, ct) is not { } form) return Refuse("invalid_request", "A form is asked for: grant_type, client_id, client_secret.", 400);
        if (form["grant_type"].ToString() != "client_credentials") return Refuse("unsupported_grant_type", "Machines sign in with the grant type client_credentials.", 400);
        var (machine, secret) = Basic(http.Request) ?? (form["client_id"].ToString(), form["client_secret"].ToString());
        if (!Fits(secret, RoleOf.ContainsKey(machine) ? configuration[$"Machines:{machine}:Secret"] : null))
        {
            http.Response.Headers.WWWAuthenticate = "Basic realm=\"tendering\"";
            return Refuse("invalid_client", "Client and secret do not fit.", 401);
        }
        return TypedResults.Ok(new Response(await tokens.ForMachineAsync(machine, RoleOf[machine], ct), "Bearer", (int)AccessTokens.Life.TotalSeconds));
    }

    private static async Task<IFormCollection?> ReadAsync(HttpRequest request, CancellationToken ct)
    {
        if (!request.HasFormContentType) return null;
        try { return await request.ReadFormAsync(ct); }
        catch (InvalidDataException) { return null; }
    }

    private static (string, string)? Basic(HttpRequest request)
    {
        if (!AuthenticationHeaderValue.TryParse(request.Headers.Authorization, out var header) || header is not { Scheme: "Basic", Parameter: { } parameter }) return null;
        var bytes = new byte[parameter.Length];
        if (!Convert.TryFromBase64String(parameter, bytes, out var length)) return null;
        var parts = Encoding.UTF8.GetString(bytes, 0, length).Split(':', 2);
        return parts is [var id, var secret] ? (Uri.UnescapeDataString(id), Uri.UnescapeDataString(secret)) : null;
    }

    // Hashes are of one length, so the comparison takes the same time whatever was sent.
    private static bool Fits(string given, string? configured) =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(given)), SHA256.HashData(Encoding.UTF8.GetBytes(configured ?? ""))) && configured is { Length: > 0 };

    private static JsonHttpResult<Error> Refuse(string code, string description, int status) => TypedResults.Json(new Error(code, description), statusCode: status);
}
