namespace Tendering.Protocols.Tests.Archive;

public class Crc32Tests
{
    [Fact]
    public void It_is_the_standards_check_value()
    {
        var crc = new Crc32();
        crc.Append("123456789"u8);
        Assert.Equal(0xcbf43926, crc.Value);
    }

    [Fact]
    public void Long_contents_in_whatever_pieces_have_the_checksum_of_their_bytes_one_by_one()
    {
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var turn = 0; turn < 300; turn++)
        {
            var content = new byte[random.Next(turn < 200 ? 200 : 70_000)];
            random.NextBytes(content);
            var (pieces, single) = (new Crc32(), new Crc32());
            for (var at = 0; at < content.Length;)
            {
                var count = random.Next(1, content.Length - at + 1);
                pieces.Append(content.AsSpan(at, count));
                at += count;
            }
            foreach (var b in content) single.Append([b]);
            Assert.Equal(single.Value, pieces.Value);
        }
    }
}
