using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;

namespace Tendering.Protocols;

/// <summary>What came of checking a time-stamp.</summary>
public enum TimestampVerdict
{
    Good,
    Malformed,

    /// <summary>It stamps something else.</summary>
    OtherText,
    SignatureWrong,
    AuthorityNotTrusted,
}

/// <summary>The verdict, and when the authority says that it stamped (UTC); null if malformed.</summary>
public sealed record TimestampCheck(TimestampVerdict Verdict, DateTimeOffset? Time, X509Certificate2? Authority);

/// <summary>
/// A time-stamp (RFC 3161) over a checkpoint: SHA-256 of its signed text, which is all that stands before the empty line. A stranger checks it with
/// <c>openssl ts -verify -data text -in token.tst -token_in -CAfile roots.pem</c>.
/// </summary>
public static class CheckpointTimestamp
{
    public const int BytesMax = 64 * 1024;
    private const string TimeStampingOid = "1.3.6.1.5.5.7.3.8";

    /// <summary>What is sent to an authority: a DER TimeStampReq, with its certificate asked for, so that the token can be checked without looking for it.</summary>
    public static Rfc3161TimestampRequest Request(Checkpoint checkpoint)
        => Rfc3161TimestampRequest.CreateFromData(LogText.Encode(checkpoint.Text), HashAlgorithmName.SHA256, nonce: RandomNumberGenerator.GetBytes(8), requestSignerCertificates: true);

    /// <summary>Checks a token (the CMS of a response, DER) for the checkpoint. The authority's certificate must reach a trusted root at the stamped time; nothing is fetched.</summary>
    public static TimestampCheck Verify(Checkpoint checkpoint, ReadOnlySpan<byte> token, X509Certificate2Collection trustedRoots)
    {
        if (token.Length > BytesMax || !TryDecode(token, out var decoded))
        {
            return new TimestampCheck(TimestampVerdict.Malformed, null, null);
        }

        var time = decoded!.TokenInfo.Timestamp;
        if (decoded.TokenInfo.HashAlgorithmId.Value != "2.16.840.1.101.3.4.2.1" || !decoded.TokenInfo.GetMessageHash().Span.SequenceEqual(SHA256.HashData(LogText.Encode(checkpoint.Text))))
        {
            return new TimestampCheck(TimestampVerdict.OtherText, time, null);
        }

        var brought = decoded.AsSignedCms().Certificates;
        return Holds(decoded, checkpoint, out var authority) && authority is not null
            ? new TimestampCheck(IsTrusted(authority, brought, trustedRoots, time) ? TimestampVerdict.Good : TimestampVerdict.AuthorityNotTrusted, time, authority)
            : new TimestampCheck(TimestampVerdict.SignatureWrong, time, authority);
    }

    private static bool TryDecode(ReadOnlySpan<byte> token, out Rfc3161TimestampToken? decoded)
    {
        decoded = null;
        return Rfc3161TimestampToken.TryDecode(token.ToArray(), out decoded, out var read) && read == token.Length;
    }

    private static bool Holds(Rfc3161TimestampToken token, Checkpoint checkpoint, out X509Certificate2? authority)
    {
        authority = null;
        try
        {
            return token.VerifySignatureForData(LogText.Encode(checkpoint.Text), out authority);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static bool IsTrusted(X509Certificate2 authority, X509Certificate2Collection brought, X509Certificate2Collection roots, DateTimeOffset at)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(roots);
        chain.ChainPolicy.ExtraStore.AddRange(brought);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = at.UtcDateTime;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(TimeStampingOid));
        return chain.Build(authority);
    }
}
