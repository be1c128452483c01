using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Tendering.Protocols;

namespace Tendering.Witness.Tests;

public class StorageTests
{
    private const int Place = 128 * 1024;

    [Fact]
    public async Task A_witness_keeps_its_key_and_what_it_has_seen()
    {
        var log = new TestLog().Grow(3);
        await using var witness = await WitnessFixture.StartAsync(log.Key);
        Assert.Equal(200, (await witness.VerdictAsync(log.Request(0))).Status);
        var key = witness.Key;
        await witness.StopAsync();
        await witness.StartAsync();
        Assert.Equal(key, witness.Key);
        Assert.Equal((409, false, 3), await witness.VerdictAsync(log.Grow(1).Request(0)));
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(Path.Combine(witness.Folder.FullName, "key.pem")) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Fact]
    public async Task A_second_witness_in_the_same_folder_does_not_start()
    {
        await using var witness = await WitnessFixture.StartAsync(new TestLog().Key);
        var settings = new WitnessSettings("witness.example", witness.Folder.FullName, []);
        Assert.Contains("Another witness", Assert.Throws<InvalidOperationException>(() => WitnessIdentity.Open(settings)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_write_cut_off_anywhere_leaves_the_checkpoint_before_it()
    {
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var folder = Directory.CreateTempSubdirectory("tendering-witness");
        try
        {
            var log = new TestLog().Grow(60);
            var path = Path.Combine(folder.FullName, "last");
            for (var size = 1; size < 60; size++)
            {
                using (var last = LastCosigned.Open(path))
                {
                    Assert.Equal(size - 1, last.Checkpoint?.Size ?? 0);
                    var before = File.ReadAllBytes(path);
                    last.Write(log.SignedAt(size));
                    var after = File.ReadAllBytes(path);

                    // The power went while one of the two places was on its way to the disk: any part of the new bytes may have arrived.
                    var cut = random.Next(2) * Place;
                    var torn = cut == 0 ? before.ToArray() : [.. after[..Place], .. before[Place..]];
                    var changed = Enumerable.Range(cut, Place).Where(i => before[i] != after[i]).ToArray();
                    foreach (var i in changed.Where(_ => random.Next(2) == 0).Skip(1)) torn[i] = after[i];
                    var copy = path + ".torn";
                    File.WriteAllBytes(copy, torn);
                    using (var survivor = LastCosigned.Open(copy)) Assert.Equal(cut == 0 ? size - 1 : size, survivor.Checkpoint?.Size ?? 0);

                    // A bad block in either place.
                    after[(random.Next(2) * Place) + random.Next(100)] ^= (byte)(1 << random.Next(8));
                    File.WriteAllBytes(copy, after);
                    using (var survivor = LastCosigned.Open(copy)) Assert.Equal(size, survivor.Checkpoint?.Size);
                    using (var mended = LastCosigned.Open(copy)) Assert.Equal(size, mended.Checkpoint?.Size);
                }
            }
        }
        finally { folder.Delete(true); }
    }

    [Fact]
    public void Files_without_one_whole_record_stop_the_witness_from_starting()
    {
        var folder = Directory.CreateTempSubdirectory("tendering-witness");
        try
        {
            var path = Path.Combine(folder.FullName, "last");
            using (var last = LastCosigned.Open(path)) last.Write(new TestLog().Grow(3).Signed);
            var bytes = File.ReadAllBytes(path);
            bytes[50] ^= 1;
            bytes[Place + 50] ^= 1;
            File.WriteAllBytes(path, bytes);
            Assert.Throws<InvalidDataException>(() => LastCosigned.Open(path));
            File.WriteAllBytes(path, bytes[..1000]);
            Assert.Throws<InvalidDataException>(() => LastCosigned.Open(path));
        }
        finally { folder.Delete(true); }
    }

    [Fact]
    public async Task A_key_taken_on_first_use_is_kept_for_ever()
    {
        var log = new TestLog().Grow(3);
        var impostor = new TestLog().Grow(3);
        var builder = WebApplication.CreateSlimBuilder(["--urls=http://127.0.0.1:0"]);
        await using var server = builder.Build();
        var (answer, asked) = ("", 0);
        server.MapGet("/keys", () =>
        {
            Interlocked.Increment(ref asked);
            return Microsoft.AspNetCore.Http.TypedResults.Text(answer);
        });
        await server.StartAsync(TestContext.Current.CancellationToken);
        var url = server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First() + "/keys";
        await using var witness = new WitnessFixture(("Witness:Logs:0:KeyUrl", url));
        await witness.StartAsync();

        // Nobody answers with a key yet: the log is not known, and that is said rather than a fault.
        Assert.Equal(404, (await witness.VerdictAsync(log.Request(0))).Status);
        answer = $"{{\"origin\":\"example.com/log\",\"key\":\"{log.Key}\"}}";
        var start = TimeProvider.System.GetTimestamp();
        var status = 404;
        while ((status = (await witness.VerdictAsync(log.Request(0))).Status) == 404 && TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(60)) await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.Equal(200, status);

        answer = impostor.Key.ToString();
        Assert.Equal(403, (await witness.VerdictAsync(impostor.Request(3))).Status);
        var before = asked;
        await witness.StopAsync();
        await witness.StartAsync();
        Assert.Equal(403, (await witness.VerdictAsync(impostor.Request(3))).Status);
        Assert.Equal((200, true, null), await witness.VerdictAsync(log.Grow(1).Request(3)));
        Assert.Equal(before, asked);
    }

    [Theory]
    [InlineData("Witness:Name", "two words")]
    [InlineData("Witness:Name", "")]
    [InlineData("Witness:Folder", "")]
    [InlineData("Witness:Logs:0:Key", "nonsense")]
    [InlineData("Witness:Logs:0:KeyUrl", "ftp://example.org")]
    public async Task A_setting_that_is_wrong_is_named(string setting, string value)
    {
        await using var witness = new WitnessFixture((setting, value));
        Assert.Contains(setting.Replace(":Key", "", StringComparison.Ordinal).Replace("Url", "", StringComparison.Ordinal), (await Assert.ThrowsAsync<InvalidOperationException>(witness.StartAsync)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_witness_s_key_is_no_log_s()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using var witness = new WitnessFixture(("Witness:Logs:0:Key", NoteKey.OfWitness("w", key).ToString()));
        await Assert.ThrowsAsync<InvalidOperationException>(witness.StartAsync);
    }
}
