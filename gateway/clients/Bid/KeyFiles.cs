using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Tendering.Protocols;

namespace Tendering.Bid;

/// <summary>Key files on this machine: written for their owner alone and never over another, read under their passphrase.</summary>
internal static class KeyFiles
{
    private const int BytesMax = 64 * 1024;

    public static async Task WriteNewAsync(string file, string content, CancellationToken ct)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var stream = new FileStream(file, options);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(content), ct);
        // A key that was registered and then lost in a power cut would be missing at the opening.
        stream.Flush(flushToDisk: true);
    }

    public static async Task<CustodianKey> ReadAsync(string file, Secrets secrets, CancellationToken ct) =>
        CustodianKey.ImportProtected(await ReadTextAsync(file, ct), secrets.Get(Secrets.Passphrase));

    public static async Task<SigningKey> ReadSigningAsync(string file, Secrets secrets, CancellationToken ct) =>
        SigningKey.ImportProtected(await ReadTextAsync(file, ct), secrets.Get(Secrets.Passphrase));

    /// <summary>The public key as the file names it; only opening the file proves that it is the private key's.</summary>
    public static async Task<string> ReadPublicAsync(string file, CancellationToken ct)
    {
        try
        {
            var name = JsonDocument.Parse(await ReadTextAsync(file, ct)).RootElement.TryGetProperty("publicKey", out var value) ? value.GetString() : null;
            return CustodianKey.IsPublicKey(name) ? name! : throw Malformed(file);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) { throw Malformed(file); }
    }

    public static async Task<X509Certificate2> ReadCertificateAsync(string file, CancellationToken ct)
    {
        try { return X509Certificate2.CreateFromPem(await ReadTextAsync(file, ct)); }
        catch (CryptographicException) { throw new UnfitException("certificate", $"{file} holds no certificate in PEM."); }
    }

    public static async Task<string> ReadTextAsync(string file, CancellationToken ct) =>
        new FileInfo(file) is { Exists: true, Length: > BytesMax } ? throw new UnfitException("file", $"{file} is longer than what is expected there.") : await File.ReadAllTextAsync(file, ct);

    private static KeyFileException Malformed(string file) => new("key-file.malformed", $"{file} is not a key file.");
}
