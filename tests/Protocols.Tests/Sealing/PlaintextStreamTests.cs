using System.Security.Cryptography;

namespace Tendering.Protocols.Tests.Sealing;

public class PlaintextStreamTests
{
    private static readonly byte[] Aad = "bid"u8.ToArray();
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(StreamCipher.KeyLength);

    private byte[] Sealed(byte[] plain)
    {
        using var cipher = new MemoryStream();
        StreamCipher.Encrypt(new MemoryStream(plain), cipher, _key, Aad);
        return cipher.ToArray();
    }

    private PlaintextStream Open(byte[] stored, long? length = null) => new((offset, _) => Task.FromResult<Stream>(new MemoryStream(stored[(int)Math.Min(offset, stored.Length)..])), length ?? stored.Length, _key, Aad);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(StreamCipher.ChunkLength)]
    [InlineData(StreamCipher.ChunkLength + 1)]
    [InlineData((3 * StreamCipher.ChunkLength) + 12_345)]
    public async Task It_gives_from_anywhere_what_was_sealed(int length)
    {
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var plain = new byte[length];
        random.NextBytes(plain);
        await using var stream = Open(Sealed(plain));
        Assert.Equal(length, stream.Length);
        using var whole = new MemoryStream();
        await stream.CopyToAsync(whole, TestContext.Current.CancellationToken);
        Assert.True(plain.AsSpan().SequenceEqual(whole.ToArray()));
        for (var i = 0; i < 100; i++)
        {
            var offset = random.Next(length + 1);
            var read = new byte[random.Next(Math.Min(length - offset, 100_000) + 1)];
            stream.Position = offset;
            stream.ReadExactly(read);
            Assert.True(plain.AsSpan(offset, read.Length).SequenceEqual(read));
            Assert.Equal(offset + read.Length, stream.Position);
        }
        stream.Position = length;
        Assert.Equal(0, await stream.ReadAsync(new byte[1], TestContext.Current.CancellationToken));
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.Seek(-1, SeekOrigin.Begin));
    }

    [Fact]
    public async Task A_changed_chunk_is_refused_and_the_others_are_still_read()
    {
        var plain = RandomNumberGenerator.GetBytes(3 * StreamCipher.ChunkLength);
        var stored = Sealed(plain);
        stored[StreamCipher.PrefixLength + StreamCipher.ChunkLength + StreamCipher.TagLength + 5] ^= 1;
        await using var stream = Open(stored);
        var read = new byte[StreamCipher.ChunkLength];
        foreach (var number in new[] { 0, 2, 0 })
        {
            stream.Position = number * (long)StreamCipher.ChunkLength;
            await stream.ReadExactlyAsync(read, TestContext.Current.CancellationToken);
            Assert.True(plain.AsSpan(number * StreamCipher.ChunkLength, read.Length).SequenceEqual(read));
            stream.Position = StreamCipher.ChunkLength;
            await Assert.ThrowsAsync<StreamCipherException>(async () => await stream.ReadExactlyAsync(read, TestContext.Current.CancellationToken));
        }
    }

    // A chunk in another's place, and a last chunk that is not the last, do not pass for what was sealed.
    [Fact]
    public async Task Chunks_have_their_place()
    {
        var stored = Sealed(RandomNumberGenerator.GetBytes(2 * StreamCipher.ChunkLength));
        const int Chunk = StreamCipher.ChunkLength + StreamCipher.TagLength;
        byte[] exchanged = [.. stored[..StreamCipher.PrefixLength], .. stored[(StreamCipher.PrefixLength + Chunk)..], .. stored[StreamCipher.PrefixLength..(StreamCipher.PrefixLength + Chunk)]];
        await using var stream = Open(exchanged);
        await Assert.ThrowsAsync<StreamCipherException>(async () => await stream.ReadExactlyAsync(new byte[1], TestContext.Current.CancellationToken));
        await using var cut = Open(stored[..(StreamCipher.PrefixLength + Chunk)]);
        await Assert.ThrowsAsync<StreamCipherException>(async () => await cut.ReadExactlyAsync(new byte[1], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Bytes_that_end_too_early_are_a_fault_of_reading_and_not_the_end()
    {
        var stored = Sealed(RandomNumberGenerator.GetBytes(100_000));
        await using var stream = Open(stored[..^1], stored.Length);
        stream.Position = 99_999;
        await Assert.ThrowsAnyAsync<IOException>(async () => await stream.ReadExactlyAsync(new byte[1], TestContext.Current.CancellationToken));
    }
}
