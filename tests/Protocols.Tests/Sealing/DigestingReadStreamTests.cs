namespace Tendering.Protocols.Tests;

public class DigestingReadStreamTests
{
    public static TheoryData<int> Lengths => [0, 1, 100_000, BlockDigest.BlockLength - 1, BlockDigest.BlockLength, BlockDigest.BlockLength + 1, 3 * BlockDigest.BlockLength, 9_000_000];

    [Theory]
    [MemberData(nameof(Lengths))]
    public async Task What_is_read_is_what_is_there_and_the_digest_is_that_of_all_of_it(int length)
    {
        var random = Randomness.Seeded();
        var bytes = random.Bytes(length);
        foreach (var taken in new[] { 0, length / 2, length })                         // whoever reads may stop early: the digest is still of everything
        {
            await using var reader = new DigestingReadStream(new Crumbs(bytes, random));
            var read = new byte[taken];
            await reader.ReadExactlyAsync(read);
            Assert.True(bytes.AsSpan(0, taken).SequenceEqual(read));
            Assert.True(await reader.MatchesAsync(length, BlockDigest.Of(bytes)));
        }

        foreach (var (other, digest) in new[] { (length + 1, BlockDigest.Of(bytes)), (Math.Max(0, length - 1), length == 0 ? new string('0', 64) : BlockDigest.Of(bytes)), (length, new string('0', 64)) })
        {
            await using var reader = new DigestingReadStream(new MemoryStream(bytes));
            Assert.False(await reader.MatchesAsync(other, digest));
        }
    }

    // A stream that gives as little as it likes, as a network does.
    private sealed class Crumbs(byte[] bytes, Random random) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, random.Next(1, 1_000_000))], cancellationToken);
    }
}
