using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Tendering.Protocols;

namespace Tendering.Verify.Tender;

/// <summary>What checkpoints and receipts are signed with.</summary>
public static class Signatures
{
    /// <summary>Says whose signatures a checkpoint carries; without a policy only that nobody was named who counts. False: bad.</summary>
    public static bool CheckCheckpoint(Report report, SignedNote note, LogPolicy? policy)
    {
        if (policy is null or { Logs.Count: 0 })
        {
            report.Unchecked("key.unknown", "No log key was given (--policy or --log-key): that the checkpoint is the log's own is not shown.");
            return true;
        }
        var check = policy.Check(note);
        foreach (var wrong in check.Wrong) report.Bad("checkpoint.wrong-signature", $"The checkpoint has a wrong signature in the name of {wrong.Name}.");
        report.Require(check.Log is not null, "checkpoint.signature", $"The checkpoint is signed by {check.Log?.Name}.", "The checkpoint is not signed by a log of the policy.");
        foreach (var cosigned in check.Cosigned)
            report.Good("checkpoint.cosignature", $"Cosigned by {cosigned.Key.Name}{(cosigned.Time is { } time ? string.Create(CultureInfo.InvariantCulture, $" on {time:yyyy-MM-dd HH:mm:ss} UTC") : "")}.");
        report.Require(check.Quorum, "checkpoint.quorum", "Too few witnesses of the policy have cosigned the checkpoint.");
        return check.IsGood;
    }

    /// <summary>A P-256 public key from PEM or a JWK; anything else is a <see cref="UsageException"/>.</summary>
    public static ECDsa PublicKey(string file)
    {
        var text = Arguments.Text(file);
        try { return text.TrimStart().StartsWith('{') ? FromJwk(JsonDocument.Parse(text).RootElement) : FromPem(text); }
        catch (Exception e) when (e is CryptographicException or ArgumentException or JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new UsageException($"'{file}' holds no P-256 public key, neither as PEM nor as JWK.");
        }
    }

    private static ECDsa FromPem(string text)
    {
        var key = ECDsa.Create();
        key.ImportFromPem(text);
        return key;
    }

    /// <summary>A P-256 public key from its coordinates <c>x</c> and <c>y</c> (base64url).</summary>
    internal static ECDsa FromJwk(JsonElement jwk) => ECDsa.Create(new ECParameters
    {
        Curve = ECCurve.NamedCurves.nistP256,
        Q = new ECPoint { X = Base64UrlText.Decode(jwk.GetProperty("x").GetString()), Y = Base64UrlText.Decode(jwk.GetProperty("y").GetString()) },
    });
}
