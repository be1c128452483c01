using System.Security.Cryptography;

namespace Tendering.Bidding.Features;

/// <summary>What a chunk says it is (tus: Upload-Checksum), and what came.</summary>
public sealed class UploadChecksum : IDisposable
{
    private readonly IncrementalHash _hash;
    private readonly byte[] _said;

    private UploadChecksum(HashAlgorithmName algorithm, byte[] said) => (_hash, _said) = (IncrementalHash.CreateHash(algorithm), said);

    /// <summary>False if the header is there and cannot be read; null in <paramref name="checksum"/> if it is not there.</summary>
    public static bool TryRead(HttpContext http, out UploadChecksum? checksum)
    {
        checksum = null;
        if (http.Request.Headers[Tus.Checksum].ToString() is not { Length: > 0 } header) return true;
        var halves = header.Split(' ');
        // SHA-1 is what the protocol asks every server to know; a line's faults do not forge.
        var (algorithm, length) = halves[0] switch { "sha256" => (HashAlgorithmName.SHA256, 32), "sha1" => (HashAlgorithmName.SHA1, 20), _ => (default, 0) };
        var value = new byte[64];
        if (length == 0 || halves.Length != 2 || !Convert.TryFromBase64String(halves[1], value, out var read) || read != length) return false;
        checksum = new UploadChecksum(algorithm, value[..read]);
        return true;
    }

    public void Append(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

    public bool Holds() => _hash.GetHashAndReset().AsSpan().SequenceEqual(_said);

    public void Dispose() => _hash.Dispose();
}
