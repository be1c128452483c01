using System.Security.Cryptography;

namespace Tendering.Protocols.Tests;

public class StreamCipherTests
{
    private const int Chunk = StreamCipher.ChunkLength;
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private static readonly byte[] Aad = "aad"u8.ToArray();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Chunk - 1)]
    [InlineData(Chunk)]
    [InlineData(Chunk + 1)]
    [InlineData((2 * Chunk) - 1)]
    [InlineData(2 * Chunk)]
    [InlineData((2 * Chunk) + 1)]
    [InlineData(5_000_000)]
    public async Task What_was_encrypted_is_decrypted_in_either_manner(int length)
    {
        var plain = Randomness.Seeded().Bytes(length);
        var cipher = Encrypt(plain);
        Assert.Equal(StreamCipher.CiphertextLength(length), cipher.Length);
        Assert.Equal(length, StreamCipher.PlaintextLength(cipher.Length));
        Assert.Equal(plain, Decrypt(cipher));
        using var output = new MemoryStream();
        await StreamCipher.DecryptAsync(new Dribble(await EncryptAsync(plain)), output, Key, Aad);
        Assert.Equal(plain, output.ToArray());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(22)]
    [InlineData(24 + Chunk)]
    [InlineData(38 + Chunk)]
    [InlineData(39 + Chunk)]
    public void A_length_that_no_plaintext_gives_is_none(long length) => Assert.Null(StreamCipher.PlaintextLength(length));

    [Fact]
    public void The_form_is_prefix_then_chunks_with_counter_and_last_flag()
    {
        // Written out by hand with the framework's cipher, so that a stranger's program may be written the same way.
        var plain = new byte[Chunk + 5];
        var cipher = Encrypt(plain);
        using var aes = new AesGcm(Key, 16);
        var opened = new byte[Chunk];
        aes.Decrypt([.. cipher[..7], 0, 0, 0, 0, 0], cipher.AsSpan(7, Chunk), cipher.AsSpan(7 + Chunk, 16), opened, Aad);
        aes.Decrypt([.. cipher[..7], 0, 0, 0, 1, 1], cipher.AsSpan(7 + Chunk + 16, 5), cipher.AsSpan(7 + Chunk + 16 + 5, 16), opened.AsSpan(0, 5), Aad);
    }

    [Fact]
    public void A_ciphertext_cut_anywhere_is_noticed()
    {
        var cipher = Encrypt(new byte[(2 * Chunk) + 100]);
        int[] cuts = [0, 1, 6, 7, 8, 22, 23, 7 + Chunk + 15, 7 + Chunk + 16, 7 + Chunk + 17, 7 + (2 * (Chunk + 16)), 7 + (2 * (Chunk + 16)) + 16, cipher.Length - 1];
        Assert.All(cuts, cut => Assert.Throws<StreamCipherException>(() => Decrypt(cipher[..cut])));
        Assert.Equal("cipher.truncated", Assert.Throws<StreamCipherException>(() => Decrypt(cipher[..(7 + Chunk + 16)])).Code);
        Assert.Equal("cipher.truncated", Assert.Throws<StreamCipherException>(() => Decrypt(cipher[..3])).Code);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(Chunk)]
    [InlineData(2 * Chunk)]
    public void An_extended_ciphertext_is_noticed(int length)
    {
        var cipher = Encrypt(new byte[length]);
        Assert.All(new[] { 1, 15, 16, 17, Chunk + 16 }, more => Assert.Throws<StreamCipherException>(() => Decrypt([.. cipher, .. new byte[more]])));
        Assert.Throws<StreamCipherException>(() => Decrypt([.. cipher, .. cipher[7..]]));
    }

    [Fact]
    public void What_follows_a_full_last_chunk_is_called_an_extension()
        => Assert.Equal("cipher.extended", Assert.Throws<StreamCipherException>(() => Decrypt([.. Encrypt(new byte[Chunk]), .. new byte[20]])).Code);

    [Fact]
    public void An_empty_last_chunk_after_a_full_one_is_refused()
    {
        // Sealed with the right key: a second ciphertext for one plaintext, which only its own maker could produce.
        byte[] prefix = [1, 2, 3, 4, 5, 6, 7], full = new byte[Chunk], tag = new byte[16], lastTag = new byte[16];
        byte[] first = [.. prefix, 0, 0, 0, 0, 0], last = [.. prefix, 0, 0, 0, 1, 1];
        using var aes = new AesGcm(Key, 16);
        aes.Encrypt(first, new byte[Chunk], full, tag, Aad);
        aes.Encrypt(last, Array.Empty<byte>(), Array.Empty<byte>(), lastTag, Aad);
        Assert.Throws<StreamCipherException>(() => Decrypt([.. prefix, .. full, .. tag, .. lastTag]));
    }

    [Fact]
    public void Chunks_in_another_order_are_noticed()
    {
        var cipher = Encrypt(Randomness.Seeded().Bytes((3 * Chunk) + 9));
        const int length = Chunk + 16;
        byte[] swapped = [.. cipher[..7], .. cipher[(7 + length)..(7 + (2 * length))], .. cipher[7..(7 + length)], .. cipher[(7 + (2 * length))..]];
        byte[] dropped = [.. cipher[..7], .. cipher[(7 + length)..]];
        byte[] doubled = [.. cipher[..(7 + length)], .. cipher[7..]];
        Assert.All(new[] { swapped, dropped, doubled }, changed => Assert.Equal("cipher.changed", Assert.Throws<StreamCipherException>(() => Decrypt(changed)).Code));
    }

    [Fact]
    public void Any_flipped_bit_is_noticed()
    {
        var small = Encrypt("报价"u8.ToArray());
        for (var bit = 0; bit < small.Length * 8; bit++)
        {
            Assert.Throws<StreamCipherException>(() => Decrypt(Flipped(small, bit)));
        }

        var large = Encrypt(new byte[(3 * Chunk) + 1]);
        Randomness.ForAnySeed(100, random =>
        {
            try
            {
                Decrypt(Flipped(large, random.Next(large.Length * 8)));
                return false;
            }
            catch (StreamCipherException)
            {
                return true;
            }
        });
    }

    [Fact]
    public void Another_key_or_associated_data_is_noticed()
    {
        var cipher = Encrypt([1, 2, 3]);
        Assert.Throws<StreamCipherException>(() => StreamCipher.Decrypt(new MemoryStream(cipher), new MemoryStream(), new byte[32], Aad));
        Assert.Throws<StreamCipherException>(() => StreamCipher.Decrypt(new MemoryStream(cipher), new MemoryStream(), Key, "abd"u8.ToArray()));
        Assert.Throws<ArgumentOutOfRangeException>(() => StreamCipher.Decrypt(new MemoryStream(cipher), new MemoryStream(), new byte[16], Aad));
    }

    private static byte[] Flipped(byte[] bytes, int bit)
    {
        var changed = bytes.ToArray();
        changed[bit / 8] ^= (byte)(1 << (bit % 8));
        return changed;
    }

    private static byte[] Encrypt(byte[] plain)
    {
        using var output = new MemoryStream();
        StreamCipher.Encrypt(new MemoryStream(plain), output, Key, Aad);
        return output.ToArray();
    }

    private static async Task<byte[]> EncryptAsync(byte[] plain)
    {
        using var output = new MemoryStream();
        await StreamCipher.EncryptAsync(new Dribble(plain), output, Key, Aad);
        return output.ToArray();
    }

    private static byte[] Decrypt(byte[] cipher)
    {
        using var output = new MemoryStream();
        StreamCipher.Decrypt(new Dribble(cipher), output, Key, Aad);
        return output.ToArray();
    }

    // A network gives what it has: never count on a read that fills the buffer.
    private sealed class Dribble(byte[] bytes) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, 40_001)]);

        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, 40_001));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));
    }
}
