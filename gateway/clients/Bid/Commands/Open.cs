using Tendering.Protocols;

namespace Tendering.Bid.Commands;

/// <summary>Opens one's own package with the recovery key: what was sealed, seen before it is submitted; and that the recovery key works.</summary>
internal static class Open
{
    public static async Task<object> RunAsync(Call call, CancellationToken ct)
    {
        var package = Package.At(call.Options.Get("--package"));
        var manifest = await package.ReadManifestAsync(ct);
        using var recovery = await KeyFiles.ReadAsync(call.Options.Get("--recovery-key"), call.Secrets, ct);
        foreach (var part in SealedPart.All)
        {
            await using var cipher = File.OpenRead(package.SealedFile(part));
            if (!await BidOpener.CiphertextMatchesAsync(manifest, part, cipher, ct)) throw new UnfitException("package.content-differs", $"{package.SealedFile(part)} is not what the manifest says.");
        }
        var price = await BidOpener.OpenAsync(manifest, SealedPart.Price, BidOpener.OpenRecoveryCopy(manifest, SealedPart.Price, recovery), await File.ReadAllBytesAsync(package.SealedFile(SealedPart.Price), ct), ct);
        var schedule = OpeningSchedule.Parse(price, manifest);
        return new { manifestHash = manifest.Hash(), schedule.Price, schedule.Currency, schedule.DeliveryDays, schedule.ProjectManager, schedule.Remarks, files = await FilesAsync(call, package, manifest, recovery, ct) };
    }

    private static async Task<IReadOnlyList<ArchivedFile>> FilesAsync(Call call, Package package, BidManifest manifest, CustodianKey recovery, CancellationToken ct)
    {
        var cek = BidOpener.OpenRecoveryCopy(manifest, SealedPart.Files, recovery);
        // A ZIP is read from its end: it is decrypted to a file that is gone when it is closed.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var plain = new FileStream(Path.Combine(package.Folder, $".opened-{Guid.NewGuid():N}"), options);
        await using (var cipher = File.OpenRead(package.SealedFile(SealedPart.Files)))
            await BidOpener.OpenAsync(manifest, SealedPart.Files, cek, cipher, plain, ct);
        return call.Options.Find("--out") is { } folder ? await BidArchive.UnpackAsync(plain, new DirectoryInfo(folder), ct) : BidArchive.List(plain);
    }
}
