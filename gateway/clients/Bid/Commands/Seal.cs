using System.IO.Pipelines;
using System.Security.Cryptography.X509Certificates;
using Tendering.Protocols;

namespace Tendering.Bid.Commands;

/// <summary>Seals and signs a bid into a package, without a network: what leaves the bidder's machine is ciphertext.</summary>
internal static class Seal
{
    public static async Task<object> RunAsync(Call call, CancellationToken ct)
    {
        var options = call.Options;
        var tender = PublishedTender.Parse(await File.ReadAllTextAsync(options.Get("--notice"), ct));
        var lot = options.Id("--lot");
        if (tender.Lots.All(l => l.LotId != lot)) throw new UnfitException("notice", $"Lot {lot} is not one of tender {tender.Number}.");
        var request = new SealingRequest(
            tender.TenderId, lot, options.Id("--bidder"), options.Number("--revision") ?? 1, CustodianKeysOf(tender), tender.Threshold, await KeyFiles.ReadPublicAsync(options.Get("--recovery-key"), ct));
        var schedule = (await PriceFile.ReadAsync(options.Get("--price"), call, ct)).ScheduleOf(request);
        var price = schedule.Canonical();
        // What the opening would refuse is refused here, while the price can still be mended.
        OpeningSchedule.Parse(price);
        if (schedule.Currency != tender.Currency) throw new UnfitException("schedule.currency", $"The tender asks for {tender.Currency}, the price is in {schedule.Currency}.");

        using var key = await KeyFiles.ReadSigningAsync(options.Get("--signing-key"), call.Secrets, ct);
        using var issued = await KeyFiles.ReadCertificateAsync(options.Get("--certificate"), ct);
        using var certificate = WithKey(key, issued);
        var (package, files) = (new Package(options.Get("--out")), options.Get("--files"));
        if (Path.Exists(package.Folder)) throw new UnfitException("package", $"{package.Folder} exists already: each bid is sealed into a new folder.");
        Directory.CreateDirectory(package.Folder);
        try { return await SealAsync(call, request, price, files, package, certificate, ct); }
        catch
        {
            // Half a package is none.
            Directory.Delete(package.Folder, recursive: true);
            throw;
        }
    }

    private static async Task<object> SealAsync(Call call, SealingRequest request, byte[] price, string files, Package package, X509Certificate2 certificate, CancellationToken ct)
    {
        using var pricePlain = new MemoryStream(price, writable: false);
        BidManifest manifest;
        await using (var priceCipher = File.Create(package.SealedFile(SealedPart.Price)))
        await using (var filesCipher = File.Create(package.SealedFile(SealedPart.Files)))
            manifest = await call.Output.WatchAsync("sealing", LengthOf(files), async sealedBytes =>
            {
                await using var archive = new CountedStream(OpenArchive(files, ct), SealedPart.FilesLengthMax, sealedBytes);
                return await BidSealer.SealAsync(request, pricePlain, priceCipher, archive, filesCipher, ct);
            });
        await File.WriteAllBytesAsync(package.SignatureFile, BidSignature.Sign(manifest, certificate), ct);
        // Last: a folder with a manifest is a whole package.
        await File.WriteAllBytesAsync(package.ManifestFile, manifest.Canonical(), ct);
        return new { package = package.Folder, manifestHash = manifest.Hash(), manifest.Tender, manifest.Lot, manifest.Bidder, manifest.Revision, priceBytes = manifest.Price.Length, filesBytes = manifest.Files.Length };
    }

    private static string[] CustodianKeysOf(PublishedTender tender) =>
        [.. tender.Custodians.OrderBy(c => c.Index).Select(c => c.PublicKey ?? throw new UnfitException("notice", $"{c.OrganisationName} has registered no custodian's key yet: fetch the notice once it is published."))];

    private static X509Certificate2 WithKey(SigningKey key, X509Certificate2 certificate)
    {
        try { return key.With(certificate); }
        catch (ArgumentException) { throw new UnfitException("certificate.other-key", "The certificate belongs to another key."); }
    }

    // A folder is packed while it is sealed: no plaintext copy lies on the disk. A ZIP of the bidder's own is looked through first, for whoever opens it will be as strict.
    private static Stream OpenArchive(string path, CancellationToken ct)
    {
        if (!Directory.Exists(path))
        {
            var own = File.OpenRead(path);
            BidArchive.List(own);
            own.Position = 0;
            return own;
        }
        var pipe = new Pipe();
        _ = PackAsync();
        return pipe.Reader.AsStream();

        async Task PackAsync()
        {
            Exception? fault = null;
            try
            {
                await using var packed = pipe.Writer.AsStream(leaveOpen: true);
                await BidArchive.PackAsync(new DirectoryInfo(path), packed, ct);
            }
            catch (Exception e) { fault = e; }
            await pipe.Writer.CompleteAsync(fault);
        }
    }

    private static long LengthOf(string path) => Directory.Exists(path)
        ? new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length)
        : new FileInfo(path).Length;
}
