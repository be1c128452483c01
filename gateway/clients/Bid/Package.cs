using System.Text;
using System.Text.Json;
using Tendering.Protocols;

namespace Tendering.Bid;

/// <summary>
/// A folder with one sealed bid: manifest.json and bid.p7s (as openssl checks them), price.sealed and files.sealed, later uploads.json and receipt.jws. Nothing in
/// it is secret, but that there is a bid.
/// </summary>
internal sealed class Package(string folder)
{
    public string Folder { get; } = folder;
    public string ManifestFile => Path.Combine(Folder, "manifest.json");
    public string SignatureFile => Path.Combine(Folder, "bid.p7s");
    public string UploadsFile => Path.Combine(Folder, "uploads.json");
    public string ReceiptFile => Path.Combine(Folder, "receipt.jws");

    /// <summary>Where each ciphertext is on its way to.</summary>
    public sealed record Begun(Uri Gateway, string ManifestHash, Dictionary<string, Guid> Uploads);

    public string SealedFile(string part) => Path.Combine(Folder, $"{part}.sealed");

    public static Package At(string folder) => File.Exists(new Package(folder).ManifestFile) ? new Package(folder) : throw new UnfitException("package", $"{folder} holds no sealed bid.");

    public async Task<BidManifest> ReadManifestAsync(CancellationToken ct) => BidManifest.Parse(await File.ReadAllBytesAsync(ManifestFile, ct));

    /// <summary>The uploads that an earlier run began for this very manifest at this platform.</summary>
    public async Task<Begun> ReadUploadsAsync(Uri gateway, string manifestHash, CancellationToken ct)
    {
        if (File.Exists(UploadsFile) && JsonSerializer.Deserialize<Begun>(await File.ReadAllTextAsync(UploadsFile, ct), JsonSerializerOptions.Web) is { } begun
            && begun.Gateway == gateway && begun.ManifestHash == manifestHash) return begun;
        return new Begun(gateway, manifestHash, []);
    }

    public Task WriteUploadsAsync(Begun begun, CancellationToken ct) => WriteAsync(UploadsFile, JsonSerializer.Serialize(begun, JsonSerializerOptions.Web), ct);

    /// <summary>Whole or not at all: what an interrupted run leaves is what was there before.</summary>
    public static async Task WriteAsync(string file, string text, CancellationToken ct)
    {
        await File.WriteAllBytesAsync(file + ".new", Encoding.UTF8.GetBytes(text), ct);
        File.Move(file + ".new", file, overwrite: true);
    }
}
