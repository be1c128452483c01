using Tendering.Client;
using Tendering.Protocols;

namespace Tendering.Bid.Commands;

/// <summary>Brings a package's ciphertexts to the platform; begun again after a cut or a kill, it goes on where the platform says.</summary>
internal static class Upload
{
    public static async Task<object> RunAsync(Call call, CancellationToken ct)
    {
        var package = Package.At(call.Options.Get("--package"));
        var manifest = await package.ReadManifestAsync(ct);
        using var session = await call.SignInAsync(ct);
        var begun = await package.ReadUploadsAsync(call.Gateway, manifest.Hash(), ct);
        var resumed = false;
        foreach (var part in SealedPart.All)
        {
            await using var content = File.OpenRead(package.SealedFile(part));
            if (content.Length != manifest.Part(part).Length) throw new UnfitException("package.content-differs", $"{package.SealedFile(part)} is not as long as the manifest says.");
            if (begun.Uploads.TryGetValue(part, out var id) && await Uploads.ReceivedAsync(session, id, ct) is not null) resumed = true;
            else
            {
                begun.Uploads[part] = id = await Uploads.BeginAsync(session, manifest.Lot, part, content.Length, ct);
                // Known here before the first byte leaves: whatever ends this run, the next one goes on.
                await package.WriteUploadsAsync(begun, ct);
            }
            await call.Output.WatchAsync($"uploading {part}", content.Length, async sent =>
            {
                await Uploads.ContinueAsync(session, id, content, sent, ct);
                return true;
            });
        }
        return new { manifestHash = begun.ManifestHash, begun.Uploads, resumed };
    }
}
