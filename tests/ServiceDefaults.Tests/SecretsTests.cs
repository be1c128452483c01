using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;

namespace Tendering.ServiceDefaults.Tests;

public class SecretsTests
{
    private static Secrets Under(byte[] master) =>
        new(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["Keys:Master"] = Convert.ToBase64String(master) }).Build());

    private readonly Secrets _secrets = Under(RandomNumberGenerator.GetBytes(32));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4096)]
    public void What_was_protected_is_revealed(int length)
    {
        var secret = RandomNumberGenerator.GetBytes(length);
        Assert.Equal(secret, _secrets.Reveal(_secrets.Protect(secret, "receipts"), "receipts"));
    }

    [Fact]
    public void One_secret_makes_another_box_each_time() => Assert.NotEqual(_secrets.Protect([1, 2, 3], "a"), _secrets.Protect([1, 2, 3], "a"));

    [Fact]
    public void A_box_for_one_purpose_is_closed_for_another()
    {
        var box = _secrets.Protect([1, 2, 3], "receipts");
        Assert.ThrowsAny<CryptographicException>(() => _secrets.Reveal(box, "receipts2"));
    }

    [Fact]
    public void A_box_of_another_master_key_stays_closed()
    {
        var box = _secrets.Protect([1, 2, 3], "receipts");
        Assert.ThrowsAny<CryptographicException>(() => Under(RandomNumberGenerator.GetBytes(32)).Reveal(box, "receipts"));
    }

    [Fact]
    public void Any_flipped_bit_is_noticed()
    {
        var box = _secrets.Protect([7, 8, 9], "receipts");
        for (var bit = 0; bit < box.Length * 8; bit++)
        {
            var flipped = (byte[])box.Clone();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.ThrowsAny<CryptographicException>(() => _secrets.Reveal(flipped, "receipts"));
        }
    }

    [Fact]
    public void A_box_that_was_cut_is_noticed()
    {
        var box = _secrets.Protect([7, 8, 9], "receipts");
        for (var length = 0; length < box.Length; length++) Assert.ThrowsAny<CryptographicException>(() => _secrets.Reveal(box.AsSpan(0, length), "receipts"));
    }

    [Fact]
    public void A_master_key_that_is_missing_or_short_is_refused()
    {
        Assert.Throws<InvalidOperationException>(() => new Secrets(new ConfigurationBuilder().Build()));
        Assert.Throws<InvalidOperationException>(() => Under(new byte[16]));
    }
}
