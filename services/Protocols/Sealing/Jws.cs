using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Tendering.Protocols;

/// <summary>JWS in compact form (RFC 7515) with ES256 and nothing else; the header has exactly alg, kid and typ, in canonical JSON.</summary>
public static class Jws
{
    public const int LengthMax = 64 * 1024;

    /// <summary>Signs a payload; <paramref name="type"/> keeps a signature for one purpose from serving another.</summary>
    public static string Sign(ReadOnlySpan<byte> payload, ECDsa key, string keyId, string type)
    {
        var header = CanonicalJson.Serialize(new JwsHeader("ES256", keyId, type));
        var signed = Base64UrlText.Encode(header) + "." + Base64UrlText.Encode(payload);
        var signature = key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        return signed + "." + Base64UrlText.Encode(signature);
    }

    /// <summary>The payload if signature and type are right, else null.</summary>
    public static byte[]? Verify(string? jws, ECDsa publicKey, string type)
    {
        if (ReadHeader(jws) is not { Alg: "ES256" } header || header.Typ != type)
        {
            return null;
        }

        var dot = jws!.LastIndexOf('.');
        var payload = Base64UrlText.TryDecode(jws.AsSpan(jws.IndexOf('.', StringComparison.Ordinal) + 1, dot - jws.IndexOf('.', StringComparison.Ordinal) - 1));
        var signature = Base64UrlText.TryDecode(jws.AsSpan(dot + 1));
        return payload is not null && signature is { Length: 64 }
            && publicKey.VerifyData(Encoding.ASCII.GetBytes(jws[..dot]), signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)
            ? payload
            : null;
    }

    /// <summary>The header, unverified, to find the key by its id; null if it is not this form.</summary>
    public static JwsHeader? ReadHeader(string? jws)
    {
        if (jws is null || jws.Length > LengthMax || jws.Count(c => c == '.') != 2)
        {
            return null;
        }

        try
        {
            return Base64UrlText.TryDecode(jws.AsSpan(0, jws.IndexOf('.', StringComparison.Ordinal))) is { } header
                ? CanonicalJson.Deserialize<JwsHeader>(header)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>A JWS header; members beyond these, such as jwk or crit, are refused.</summary>
public sealed record JwsHeader(string Alg, string Kid, string Typ);
