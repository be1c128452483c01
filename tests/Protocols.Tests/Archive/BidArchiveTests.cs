using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Tendering.Protocols.Tests;

public sealed class BidArchiveTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("tendering-archive");

    private DirectoryInfo Target => new(Path.Combine(folder.FullName, "unpacked"));

    [Fact]
    public async Task What_is_packed_is_unpacked()
    {
        var random = Randomness.Seeded();
        var source = folder.CreateSubdirectory("source");
        source.CreateSubdirectory("技术方案/图纸");
        var contents = new Dictionary<string, byte[]> { ["empty"] = [], ["技术方案/说明.txt"] = random.Bytes(200_000), ["技术方案/图纸/a.dwg"] = new byte[300_000] };
        foreach (var (name, content) in contents)
        {
            await File.WriteAllBytesAsync(Path.Combine(source.FullName, name), content);
        }

        using var archive = new MemoryStream();
        await BidArchive.PackAsync(source, archive);
        Assert.Equal(contents.Keys.Order(StringComparer.Ordinal), BidArchive.List(archive).Select(file => file.Name));
        Assert.Equal(BidArchive.List(archive), await BidArchive.CheckAsync(archive));
        await BidArchive.UnpackAsync(archive, Target);
        foreach (var (name, content) in contents)
        {
            Assert.Equal(content, await File.ReadAllBytesAsync(Path.Combine(Target.FullName, name)));
        }
    }

    [Theory]
    [InlineData("../evil")]
    [InlineData("a/../../evil")]
    [InlineData("/etc/evil")]
    [InlineData("//server/evil")]
    [InlineData("C:/evil")]
    [InlineData("C:evil")]
    [InlineData("..\\evil")]
    [InlineData("\\\\server\\evil")]
    [InlineData("evil\0.pdf")]
    [InlineData("evil\n.pdf")]
    [InlineData("NUL")]
    [InlineData("a/com1.pdf")]
    [InlineData("COM¹")]
    [InlineData("con .txt")]
    [InlineData("evil.")]
    [InlineData("evil ")]
    [InlineData("a:stream")]
    [InlineData("e\u0301vil")]
    [InlineData("\u202Efdp.exe")]
    [InlineData("a//b")]
    [InlineData("./a")]
    public async Task A_name_that_leads_elsewhere_or_means_another_thing_is_refused(string name)
        => await RefusedAsync(ArchiveFault.Name, Zip(("good", [1]), (name, [2])));

    [Fact]
    public async Task A_name_that_is_too_long_or_too_deep_is_refused()
    {
        await RefusedAsync(ArchiveFault.Name, Zip((new string('x', 256), [])));
        await RefusedAsync(ArchiveFault.Name, Zip((new string('好', 86), [])));
        await RefusedAsync(ArchiveFault.Name, Zip((string.Join('/', Enumerable.Repeat("a", 17)), [])));
        await RefusedAsync(ArchiveFault.Name, Zip((string.Join('/', Enumerable.Repeat(new string('a', 120), 9)), [])));
        await RefusedAsync(ArchiveFault.Name, Zip((new string('x', 65_000), [])));
    }

    [Theory]
    [InlineData("a.pdf", "a.pdf")]
    [InlineData("a.pdf", "A.PDF")]
    [InlineData("Ä", "ä")]
    [InlineData("a", "a/b")]
    [InlineData("A/b/c", "a/B")]
    public async Task Two_names_of_which_one_would_replace_the_other_are_refused(string first, string second)
        => await RefusedAsync(ArchiveFault.Duplicate, Zip((first, [1]), (second, [2])));

    [Fact]
    public async Task A_bomb_is_refused_by_what_it_would_unpack_to()
    {
        // 100 MB of zeros in 100 KB.
        await RefusedAsync(ArchiveFault.TooLarge, Zip(("zeros", new byte[100_000_000])));
    }

    [Fact]
    public async Task Files_that_share_their_bytes_are_refused()
    {
        // The quoted-overlap bomb in small: every entry of the directory points to the one file.
        var content = Randomness.Seeded().Bytes(5_000);
        var names = Enumerable.Range(0, 100).Select(i => (Name: $"f{i:00}", Content: i == 0 ? content : [])).ToArray();
        var zip = Zip(names);
        var first = EntriesOf(zip)[0];
        foreach (var entry in EntriesOf(zip).Skip(1))
        {
            zip.AsSpan(first + 16, 12).CopyTo(zip.AsSpan(entry + 16));
            zip.AsSpan(first + 42, 4).CopyTo(zip.AsSpan(entry + 42));
            zip.AsSpan(first + 10, 2).CopyTo(zip.AsSpan(entry + 10));
        }

        await RefusedAsync(ArchiveFault.TooLarge, zip);
    }

    [Fact]
    public async Task A_length_or_content_other_than_the_directory_says_is_refused_and_leaves_nothing()
    {
        var content = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("content ", 2_000)));
        var shorter = Zip(("good", [1]), ("liar", content));
        BinaryPrimitives.WriteUInt32LittleEndian(shorter.AsSpan(EntriesOf(shorter)[1] + 24), 10);
        await RefusedAsync(shorter);
        var longer = Zip(("good", [1]), ("liar", content));
        BinaryPrimitives.WriteUInt32LittleEndian(longer.AsSpan(EntriesOf(longer)[1] + 24), (uint)content.Length + 1);
        await RefusedAsync(longer);
        var crc = Zip(("good", [1]), ("liar", content));
        crc[EntriesOf(crc)[1] + 16] ^= 1;
        await RefusedAsync(crc);
    }

    [Fact]
    public async Task Any_flipped_bit_is_noticed_or_changes_nothing_that_is_unpacked()
    {
        var random = Randomness.Seeded();
        var content = random.Bytes(300);
        var good = Zip(("a", content), ("b/c", [1, 2, 3]));
        for (var bit = 0; bit < good.Length * 8; bit += 1 + random.Next(7))
        {
            var zip = good.ToArray();
            zip[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                await BidArchive.UnpackAsync(new MemoryStream(zip), Target);
                var files = Target.GetFiles("*", SearchOption.AllDirectories);
                Assert.Equal(2, files.Length);
                Assert.Contains(files, file => File.ReadAllBytes(file.FullName).AsSpan().SequenceEqual(content));
                Target.Delete(recursive: true);
            }
            catch (ArchiveException)
            {
                Assert.False(Target.Exists);
            }
        }
    }

    [Fact]
    public async Task Whatever_is_done_to_an_archive_looking_into_it_ends_with_its_files_or_a_refusal()
    {
        var random = Randomness.Seeded();
        var good = Zip(("a", random.Bytes(300)), ("b/c", new byte[5_000]));
        Assert.Equal([new ArchivedFile("a", 300), new ArchivedFile("b/c", 5_000)], await BidArchive.CheckAsync(new MemoryStream(good)));
        for (var round = 0; round < 2_000; round++)
        {
            var zip = good[..(random.Next(4) == 0 ? random.Next(good.Length) : good.Length)];
            for (var changes = random.Next(1, 6); changes > 0 && zip.Length > 0; changes--)
            {
                zip[random.Next(zip.Length)] = (byte)random.Next(256);
            }

            try
            {
                Assert.Equal(2, (await BidArchive.CheckAsync(new MemoryStream(zip))).Count);
            }
            catch (ArchiveException)
            {
            }
        }
    }

    [Fact]
    public async Task A_link_is_refused_in_both_directions()
    {
        var zip = Zip(("link", "/etc/passwd"u8.ToArray()));
        BinaryPrimitives.WriteInt32LittleEndian(zip.AsSpan(EntriesOf(zip)[0] + 38), unchecked((int)0xA1FF0000));
        await RefusedAsync(ArchiveFault.Link, zip);

        var source = folder.CreateSubdirectory("source");
        File.CreateSymbolicLink(Path.Combine(source.FullName, "link"), "/etc/passwd");
        using var archive = new MemoryStream();
        Assert.Equal(ArchiveFault.Link, (await Assert.ThrowsAsync<ArchiveException>(() => BidArchive.PackAsync(source, archive))).Code);
        Assert.Equal(0, archive.Length);
    }

    [Fact]
    public async Task An_encrypted_archive_is_refused()
    {
        var zip = Zip(("secret", [1, 2, 3]));
        zip[EntriesOf(zip)[0] + 8] |= 1;
        await RefusedAsync(ArchiveFault.Encrypted, zip);
    }

    [Fact]
    public async Task What_is_no_archive_or_hides_something_is_refused()
    {
        var zip = Zip(("a", [1]));
        await RefusedAsync(ArchiveFault.Malformed, []);
        await RefusedAsync(ArchiveFault.Malformed, Encoding.UTF8.GetBytes("Technical proposal."));
        await RefusedAsync(ArchiveFault.Malformed, zip[..^1]);
        await RefusedAsync(ArchiveFault.Malformed, [.. zip, 0]);
        await RefusedAsync(ArchiveFault.Malformed, [.. zip[..^22], .. new byte[10], .. zip[^22..]]);
        await RefusedAsync(ArchiveFault.Malformed, [.. Encoding.UTF8.GetBytes("#!/bin/sh\n"), .. zip]);
    }

    [Fact]
    public async Task A_directory_without_end_is_refused_before_it_is_read()
    {
        var zip = Zip(("a", [1]));
        BinaryPrimitives.WriteUInt16LittleEndian(zip.AsSpan(zip.Length - 22 + 8), 20_000);
        BinaryPrimitives.WriteUInt16LittleEndian(zip.AsSpan(zip.Length - 22 + 10), 20_000);
        await RefusedAsync(ArchiveFault.TooMany, zip);
        var endless = Zip(("a", [1]));
        BinaryPrimitives.WriteUInt32LittleEndian(endless.AsSpan(endless.Length - 22 + 12), uint.MaxValue);
        await RefusedAsync(ArchiveFault.TooMany, endless);
    }

    [Fact]
    public async Task Nothing_is_unpacked_over_what_is_there()
    {
        Target.Create();
        await Assert.ThrowsAsync<IOException>(() => BidArchive.UnpackAsync(new MemoryStream(Zip(("a", [1]))), Target));
        Assert.Empty(Target.GetFiles());
    }

    public void Dispose() => folder.Delete(recursive: true);

    private async Task RefusedAsync(string fault, byte[] zip)
    {
        Assert.Equal(fault, (await RefusedAsync(zip)).Code);
        Assert.Equal(fault, Assert.Throws<ArchiveException>(() => BidArchive.List(new MemoryStream(zip))).Code);
    }

    private async Task<ArchiveException> RefusedAsync(byte[] zip)
    {
        var refusal = await Assert.ThrowsAsync<ArchiveException>(() => BidArchive.UnpackAsync(new MemoryStream(zip), Target));
        Assert.False(Target.Exists);
        Assert.Empty(folder.GetFiles("evil*", SearchOption.AllDirectories));
        Assert.Equal(refusal.Code, (await Assert.ThrowsAsync<ArchiveException>(() => BidArchive.CheckAsync(new MemoryStream(zip)))).Code);
        return refusal;
    }

    private static byte[] Zip(params (string Name, byte[] Content)[] files)
    {
        using var output = new MemoryStream();
        using (var zip = new ZipArchive(output, ZipArchiveMode.Create, leaveOpen: true, Encoding.UTF8))
        {
            foreach (var (name, content) in files)
            {
                using var entry = zip.CreateEntry(name, CompressionLevel.SmallestSize).Open();
                entry.Write(content);
            }
        }

        return output.ToArray();
    }

    /// <summary>Where each entry of a ZIP's directory begins.</summary>
    private static List<int> EntriesOf(byte[] zip)
    {
        var found = new List<int>();
        for (var at = (int)BinaryPrimitives.ReadUInt32LittleEndian(zip.AsSpan(zip.Length - 6)); BinaryPrimitives.ReadUInt32LittleEndian(zip.AsSpan(at)) == 0x02014b50;)
        {
            found.Add(at);
            at += 46 + zip[at + 28] + (zip[at + 29] << 8) + zip[at + 30] + (zip[at + 31] << 8) + zip[at + 32] + (zip[at + 33] << 8);
        }

        return found;
    }
}
