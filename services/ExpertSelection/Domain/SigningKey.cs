using System.Security.Cryptography;
using Tendering.ServiceDefaults;

namespace Tendering.ExpertSelection.Domain;

/// <summary>The public key with which a member signs the report: P-256 SubjectPublicKeyInfo in base64.</summary>
public static class SigningKey
{
    public const int TextMax = 400;
    private const string P256 = "1.2.840.10045.3.1.7";

    /// <summary>One text for one key, so that two members' keys can be compared.</summary>
    /// <exception cref="MalformedException">It is no such key.</exception>
    public static string Read(string text)
    {
        try
        {
            var bytes = Convert.FromBase64String(text);
            using var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(bytes, out var read);
            if (read == bytes.Length && key.ExportParameters(false).Curve.Oid.Value == P256) return Convert.ToBase64String(key.ExportSubjectPublicKeyInfo());
        }
        catch (Exception e) when (e is FormatException or CryptographicException) { }
        throw new MalformedException("signingKey", "This must be a P-256 public key (SubjectPublicKeyInfo, DER) in base64.");
    }
}
