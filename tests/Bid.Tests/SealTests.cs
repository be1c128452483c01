using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Tendering.Protocols;

namespace Tendering.Bid.Tests;

public sealed class SealTests : IDisposable
{
    private readonly Desk _desk = new();

    [Fact]
    public async Task A_package_is_what_the_platform_and_the_custodians_expect()
    {
        await _desk.PrepareAsync();
        var sealedBid = await _desk.SealAsync();
        Assert.True(sealedBid.Code == 0, sealedBid.Errors);
        Assert.Equal(["bid.p7s", "files.sealed", "manifest.json", "price.sealed"], new DirectoryInfo(_desk.At("bid")).GetFiles().Select(f => f.Name).Order(StringComparer.Ordinal));

        var manifest = BidManifest.Parse(await File.ReadAllBytesAsync(_desk.At("bid/manifest.json")));
        Assert.Equal((_desk.Tender, _desk.Lot, _desk.Bidder, 1, 2), (manifest.Tender, manifest.Lot, manifest.Bidder, manifest.Revision, manifest.Threshold));
        Assert.Equal(manifest.Hash(), sealedBid.Result.GetProperty("manifestHash").GetString());
        Assert.NotEqual(SignatureVerdict.SignatureWrong, BidSignature.Verify(manifest, await File.ReadAllBytesAsync(_desk.At("bid/bid.p7s")), [], DateTimeOffset.UnixEpoch.AddYears(56)).Verdict);
        var cek = BidOpener.RebuildKey([BidOpener.OpenShare(manifest, SealedPart.Price, 1, _desk.Custodians[0]), BidOpener.OpenShare(manifest, SealedPart.Price, 3, _desk.Custodians[2])]);
        var price = await BidOpener.OpenAsync(manifest, SealedPart.Price, cek, await File.ReadAllBytesAsync(_desk.At("bid/price.sealed")));
        Assert.Equal(27_500_000_00, OpeningSchedule.Parse(price, manifest).Price);
        foreach (var file in new DirectoryInfo(_desk.At("bid")).GetFiles()) Assert.DoesNotContain("2750000000", Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file.FullName)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_bidder_sees_with_its_recovery_key_what_it_sealed()
    {
        await _desk.PrepareAsync();
        // What is compressed already does not grow.
        var photo = System.Security.Cryptography.RandomNumberGenerator.GetBytes(500_000);
        await File.WriteAllBytesAsync(_desk.At("files/photo.jpg"), photo);
        var sealedBid = await _desk.SealAsync();
        Assert.InRange(sealedBid.Result.GetProperty("filesBytes").GetInt64(), 500_000, 502_500);
        var opened = await _desk.RunAsync(["open", "--json", "--package", _desk.At("bid"), "--recovery-key", _desk.At("recovery.json"), "--out", _desk.At("seen")]);
        Assert.True(opened.Code == 0, opened.Errors);
        Assert.Equal("王工", opened.Result.GetProperty("projectManager").GetString());
        Assert.Equal(photo, await File.ReadAllBytesAsync(_desk.At("seen/photo.jpg")));
        Assert.Equal(["photo.jpg", "图纸/a.dwg", "说明.txt"], opened.Result.GetProperty("files").EnumerateArray().Select(f => f.GetProperty("name").GetString()));
        Assert.Equal("Technical proposal.", await File.ReadAllTextAsync(_desk.At("seen/说明.txt")));
        Assert.Equal(4, new DirectoryInfo(_desk.At("bid")).GetFiles().Length);
    }

    [Theory]
    [InlineData("price.sealed")]
    [InlineData("files.sealed")]
    public async Task A_package_of_which_a_bit_flipped_is_noticed(string file)
    {
        await _desk.PrepareAsync();
        Assert.Equal(0, (await _desk.SealAsync()).Code);
        var bytes = await File.ReadAllBytesAsync(_desk.At($"bid/{file}"));
        bytes[^20] ^= 1;
        await File.WriteAllBytesAsync(_desk.At($"bid/{file}"), bytes);
        var opened = await _desk.RunAsync(["open", "--json", "--package", _desk.At("bid"), "--recovery-key", _desk.At("recovery.json")]);
        Assert.Equal((3, "package.content-differs"), (opened.Code, opened.Error));
    }

    [Fact]
    public async Task A_wrong_passphrase_or_key_opens_nothing()
    {
        await _desk.PrepareAsync();
        Assert.Equal(0, (await _desk.SealAsync()).Code);
        Assert.Equal(0, (await _desk.RunAsync(["keys", "recovery", "--out", _desk.At("other.json")])).Code);
        Assert.Equal("opening.recovery-copy", (await _desk.RunAsync(["open", "--json", "--package", _desk.At("bid"), "--recovery-key", _desk.At("other.json")])).Error);
        _desk.Variables[Secrets.Passphrase] = "another passphrase";
        Assert.Equal("key-file.passphrase", (await _desk.RunAsync(["open", "--json", "--package", _desk.At("bid"), "--recovery-key", _desk.At("recovery.json")])).Error);
    }

    [Theory]
    [InlineData("""{"price":0,"currency":"CNY"}""", "schedule.price")]
    [InlineData("""{"price":1,"currency":"XAU"}""", "schedule.currency")]
    [InlineData("""{"price":1,"currency":"JPY"}""", "schedule.currency")]
    [InlineData("""{"price":1,"currency":"CNY","deliveryDays":0}""", "schedule.delivery-days")]
    [InlineData("""{"price":"1","currency":"CNY"}""", "schedule.malformed")]
    [InlineData("""{"price":1.5,"currency":"CNY"}""", "schedule.malformed")]
    [InlineData("""{"price":1,"price":2,"currency":"CNY"}""", "schedule.malformed")]
    [InlineData("""{"price":1,"currency":"CNY","pirce":2}""", "schedule.malformed")]
    [InlineData("null", "schedule.malformed")]
    [InlineData("", "schedule.malformed")]
    public async Task A_price_that_the_opening_would_refuse_is_refused_before_it_is_sealed(string price, string code)
    {
        await _desk.PrepareAsync();
        await _desk.WritePriceAsync(price);
        var ended = await _desk.SealAsync();
        Assert.Equal((3, code), (ended.Code, ended.Error));
        Assert.False(Directory.Exists(_desk.At("bid")));
    }

    [Fact]
    public async Task The_price_can_come_on_standard_input()
    {
        await _desk.PrepareAsync();
        Assert.Equal(0, (await _desk.SealAsync(price: "-", input: """{"price":77,"currency":"CNY"}""")).Code);
        var opened = await _desk.RunAsync(["open", "--json", "--package", _desk.At("bid"), "--recovery-key", _desk.At("recovery.json")]);
        Assert.Equal(77, opened.Result.GetProperty("price").GetInt64());
    }

    [Fact]
    public async Task What_does_not_belong_together_is_not_sealed()
    {
        await _desk.PrepareAsync();
        Assert.Equal("notice", (await _desk.SealAsync(lot: Guid.CreateVersion7())).Error);
        Assert.Equal(0, (await _desk.RunAsync(["keys", "signing", "--out", _desk.At("s2.json"), "--request", _desk.At("r2.pem")])).Code);
        await File.WriteAllTextAsync(_desk.At("c2.pem"), Desk.Issue(await File.ReadAllTextAsync(_desk.At("r2.pem"))));
        Assert.Equal("certificate.other-key", (await _desk.SealAsync(certificate: "c2.pem")).Error);
        Assert.Equal("certificate", (await _desk.SealAsync(certificate: "price.json")).Error);
        await _desk.WriteNoticeAsync([_desk.Custodians[0].PublicKey, null, _desk.Custodians[2].PublicKey]);
        Assert.Equal("notice", (await _desk.SealAsync()).Error);
        await _desk.WriteNoticeAsync([_desk.Custodians[0].PublicKey, _desk.Custodians[0].PublicKey]);
        Assert.Equal("manifest.custodians", (await _desk.SealAsync()).Error);
        Assert.False(Directory.Exists(_desk.At("bid")));
    }

    [Fact]
    public async Task A_package_or_key_is_never_written_over_another()
    {
        await _desk.PrepareAsync();
        var key = await File.ReadAllTextAsync(_desk.At("recovery.json"));
        Assert.Equal(3, (await _desk.RunAsync(["keys", "recovery", "--out", _desk.At("recovery.json")])).Code);
        Assert.Equal(key, await File.ReadAllTextAsync(_desk.At("recovery.json")));
        Assert.Equal(0, (await _desk.SealAsync()).Code);
        Assert.Equal("package", (await _desk.SealAsync()).Error);
    }

    [Fact]
    public async Task Key_files_are_their_owners_alone()
    {
        Assert.Equal(0, (await _desk.RunAsync(["keys", "signing", "--out", _desk.At("s.json"), "--request", _desk.At("r.pem")])).Code);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_desk.At("s.json")));
        using var written = JsonDocument.Parse(await File.ReadAllTextAsync(_desk.At("s.json")));
        Assert.Equal(600_000, written.RootElement.GetProperty("rounds").GetInt32());
    }

    [Fact]
    public async Task An_archive_of_ones_own_is_looked_through_before_it_is_sealed()
    {
        await _desk.PrepareAsync();
        WriteZip("good.zip", "a/b.txt");
        Assert.Equal(0, (await _desk.SealAsync(files: "good.zip", package: "good")).Code);
        WriteZip("evil.zip", "../../evil");
        Assert.Equal("archive.name", (await _desk.SealAsync(files: "evil.zip")).Error);
        Assert.Equal("archive.malformed", (await _desk.SealAsync(files: "price.json")).Error);
        if (!OperatingSystem.IsWindows())
        {
            File.CreateSymbolicLink(_desk.At("files/link"), "/etc/passwd");
            Assert.Equal("archive.link", (await _desk.SealAsync()).Error);
            Assert.False(Directory.Exists(_desk.At("bid")));
        }
    }

    [Fact]
    public async Task Files_beyond_two_gigabytes_are_refused_while_they_flow()
    {
        await using var counted = new CountedStream(new MemoryStream(new byte[100]), 64, _ => { });
        var refused = await Assert.ThrowsAsync<ArchiveException>(async () => { while (await counted.ReadAsync(new byte[16]) > 0) { } });
        Assert.Equal(ArchiveFault.TooLarge, refused.Code);
        Assert.Equal(80, counted.Position);
    }

    [Fact]
    public async Task A_package_that_was_not_uploaded_is_not_submitted_and_none_is_no_package()
    {
        await _desk.PrepareAsync();
        Assert.Equal(0, (await _desk.SealAsync()).Code);
        Assert.Equal("package.not-uploaded", (await _desk.RunAsync(["submit", "--json", "--package", _desk.At("bid"), "--gateway", "http://127.0.0.1:9", "--user", "x"])).Error);
        Assert.Equal("package", (await _desk.RunAsync(["upload", "--json", "--package", _desk.At("files"), "--gateway", "http://127.0.0.1:9", "--user", "x"])).Error);
    }

    public void Dispose() => _desk.Dispose();

    private void WriteZip(string file, string name)
    {
        using var zip = ZipFile.Open(_desk.At(file), ZipArchiveMode.Create);
        using var entry = zip.CreateEntry(name).Open();
        entry.Write("x"u8);
    }
}
