using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.Identity.Keys;
using Tendering.ServiceDefaults;

namespace Tendering.Identity.Features;

/// <summary>Where services find the keys that tokens are signed with: OpenID Connect discovery and a JSON Web Key Set.</summary>
public static class Discovery
{
    public sealed record Document(
        [property: JsonPropertyName("issuer")] string Issuer, [property: JsonPropertyName("jwks_uri")] string JwksUri, [property: JsonPropertyName("token_endpoint")] string TokenEndpoint,
        [property: JsonPropertyName("grant_types_supported")] string[] GrantTypes, [property: JsonPropertyName("response_types_supported")] string[] ResponseTypes,
        [property: JsonPropertyName("subject_types_supported")] string[] SubjectTypes, [property: JsonPropertyName("id_token_signing_alg_values_supported")] string[] Algorithms,
        [property: JsonPropertyName("token_endpoint_auth_methods_supported")] string[] AuthenticationMethods);

    public sealed record Key(string Kty, string Crv, string Use, string Alg, string Kid, string X, string Y);
    public sealed record KeySet(Key[] Keys);

    public static void Map(IEndpointRouteBuilder root)
    {
        root.MapGet("/.well-known/openid-configuration", GetDocument).AllowEveryone().WithSummary("Discovery document");
        root.MapGet("/.well-known/jwks.json", GetKeys).AllowEveryone().WithSummary("Keys that tokens are signed with");
    }

    private static Ok<Document> GetDocument(AccessTokens tokens)
    {
        var address = tokens.Issuer.TrimEnd('/');
        return TypedResults.Ok(new Document(tokens.Issuer, $"{address}/.well-known/jwks.json", $"{address}/connect/token", ["client_credentials"], ["token"], ["public"], ["ES256"],
            ["client_secret_basic", "client_secret_post"]));
    }

    private static async Task<Ok<KeySet>> GetKeys(SigningKeys keys, CancellationToken ct) =>
        TypedResults.Ok(new KeySet([.. (await keys.PublishedAsync(ct)).Select(k => new Key(k.Kty, k.Crv, k.Use, k.Alg, k.Kid, k.X, k.Y))]));
}
