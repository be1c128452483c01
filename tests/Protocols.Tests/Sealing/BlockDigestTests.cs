using System.Security.Cryptography;

namespace Tendering.Protocols.Tests;

public class BlockDigestTests
{
    private const int Block = BlockDigest.BlockLength;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Block - 1)]
    [InlineData(Block)]
    [InlineData(Block + 1)]
    [InlineData(2 * Block)]
    [InlineData((2 * Block) + 12345)]
    public async Task The_digest_is_that_of_the_blocks_hashes_however_the_bytes_arrive(int length)
    {
        var random = Randomness.Seeded();
        var bytes = random.Bytes(length);
        var hashes = bytes.Chunk(Block).Select(SHA256.HashData).ToArray();
        var expected = Convert.ToHexStringLower(SHA256.HashData([.. hashes.SelectMany(hash => hash)]));
        Assert.Equal(expected, BlockDigest.Of(bytes));
        Assert.Equal(expected, BlockDigest.OfBlockHashes(hashes));
        using var stream = new MemoryStream(bytes);
        Assert.Equal(expected, await BlockDigest.OfAsync(stream));
        Assert.Equal(expected, Piecewise(bytes, random));
    }

    private static string Piecewise(byte[] bytes, Random random)
    {
        using var digest = new BlockDigest();
        for (var at = 0; at < bytes.Length;)
        {
            var end = Math.Min(bytes.Length, at + random.Next(1, 3_000_000));
            digest.Append(bytes.AsSpan(at, end - at));
            at = end;
        }

        Assert.Equal(bytes.Length, digest.Length);
        return digest.Finish();
    }

    [Fact]
    public void A_digest_starts_anew_after_it_was_finished()
    {
        using var digest = new BlockDigest();
        digest.Append([1]);
        digest.Finish();
        digest.Append([2]);
        Assert.Equal(BlockDigest.Of([2]), digest.Finish());
    }

    [Fact]
    public async Task A_stream_matches_by_length_and_digest_and_what_is_longer_is_not_read_to_its_end()
    {
        var bytes = Randomness.Seeded().Bytes(BlockDigest.BlockLength + 300_000);
        Assert.True(await BlockDigest.MatchesAsync(new MemoryStream(bytes), bytes.Length, BlockDigest.Of(bytes)));
        Assert.False(await BlockDigest.MatchesAsync(new MemoryStream(bytes), bytes.Length, BlockDigest.Of(bytes.AsSpan(1))));
        Assert.False(await BlockDigest.MatchesAsync(new MemoryStream(bytes), bytes.Length + 1, BlockDigest.Of(bytes)));
        using var longer = new MemoryStream(bytes);
        Assert.False(await BlockDigest.MatchesAsync(longer, 1000, BlockDigest.Of(bytes.AsSpan(0, 1000))));
        Assert.True(longer.Position < bytes.Length, "all of it was read");
        Assert.True(await BlockDigest.MatchesAsync(new MemoryStream(), 0, BlockDigest.Of([])));
    }
}
