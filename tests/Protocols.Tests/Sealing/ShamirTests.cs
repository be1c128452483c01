namespace Tendering.Protocols.Tests;

public class ShamirTests
{
    [Fact]
    public void Any_threshold_of_shares_gives_the_secret()
        => Randomness.ForAnySeed(200, random =>
        {
            var threshold = random.Next(2, 7);
            var count = random.Next(threshold, 12);
            var secret = random.Bytes(random.Next(1, 40));
            var shares = Shamir.Split(secret, threshold, count);
            random.Shuffle(shares);
            return Shamir.Combine(shares[..threshold]).AsSpan().SequenceEqual(secret) && Shamir.Combine(shares).AsSpan().SequenceEqual(secret);
        });

    [Fact]
    public void Fewer_shares_leave_every_secret_byte_possible()
    {
        // One share of two: for each candidate secret there is exactly one second share that would confirm it.
        var share = Shamir.Split([0x5a], 2, 2)[0];
        var candidates = Enumerable.Range(0, 256).Select(value => Shamir.Combine([share, new Share(2, [(byte)value])])[0]);
        Assert.Equal(256, candidates.Distinct().Count());
    }

    [Fact]
    public void Fewer_shares_leave_every_secret_byte_possible_at_higher_thresholds_too()
    {
        var shares = Shamir.Split([0x5a], 4, 6);
        var candidates = Enumerable.Range(0, 256).Select(value => Shamir.Combine([shares[0], shares[3], shares[5], new Share(2, [(byte)value])])[0]);
        Assert.Equal(256, candidates.Distinct().Count());
    }

    [Fact]
    public void Fewer_shares_never_give_the_key()
        => Randomness.ForAnySeed(200, random =>
        {
            var threshold = random.Next(3, 6);
            var key = random.Bytes(32);
            var shares = Shamir.Split(key, threshold, threshold + 2);
            random.Shuffle(shares);
            return !Shamir.Combine(shares[..(threshold - 1)]).AsSpan().SequenceEqual(key);
        });

    [Fact]
    public void The_same_secret_is_never_shared_alike_twice()
        => Assert.NotEqual(Shamir.Split(new byte[32], 2, 3)[0], Shamir.Split(new byte[32], 2, 3)[0]);

    [Fact]
    public void The_field_is_that_of_AES()
    {
        // The line through (1, a) and (2, b) meets zero at (2a + b)/3. With 0x11b, 2·57 = ae and 2·82 = 104 + 11b = 1f.
        Assert.Equal([0x00], Shamir.Combine([new Share(1, [0x57]), new Share(2, [0xae])]));
        Assert.Equal([0x01], Shamir.Combine([new Share(1, [0x82]), new Share(2, [0x1c])]));
    }

    [Fact]
    public void Two_shares_with_one_index_are_refused() => Assert.Throws<ArgumentException>(() => Shamir.Combine([new Share(1, [1]), new Share(1, [2])]));

    [Fact]
    public void A_share_with_index_zero_is_refused() => Assert.Throws<ArgumentException>(() => Shamir.Combine([new Share(0, [1]), new Share(1, [2])]));

    [Fact]
    public void Shares_of_different_lengths_are_refused() => Assert.Throws<ArgumentException>(() => Shamir.Combine([new Share(1, [1]), new Share(2, [2, 3])]));

    [Fact]
    public void One_share_is_refused() => Assert.Throws<ArgumentException>(() => Shamir.Combine([new Share(1, [1])]));

    [Theory]
    [InlineData(1, 3)]
    [InlineData(0, 3)]
    [InlineData(4, 3)]
    [InlineData(2, 256)]
    public void An_impossible_threshold_or_count_is_refused(int threshold, int count)
        => Assert.Throws<ArgumentOutOfRangeException>(() => Shamir.Split([1], threshold, count));

    [Fact]
    public void A_share_reads_back_and_prints_no_secret()
    {
        var share = new Share(7, [1, 2, 3]);
        Assert.Equal(share, Share.Decode(share.Encode()));
        Assert.Equal("Share 7", share.ToString());
        Assert.Throws<ArgumentException>(() => Share.Decode([0, 1]));
        Assert.Throws<ArgumentException>(() => Share.Decode([1]));
    }
}
