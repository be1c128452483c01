namespace Tendering.Protocols.Tests;

public class SocialCreditCodeTests
{
    private const string Alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";

    [Theory]
    [InlineData("91350100M000100Y43")]
    [InlineData("91110000802100433B")]
    [InlineData("91440300708461136T")]
    [InlineData("914403001922038216")]
    public void Codes_in_use_are_valid(string code)
    {
        Assert.True(SocialCreditCode.IsValid(code));
        Assert.Equal(code, SocialCreditCode.Complete(code[..17]));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("91350100M000100Y4")]
    [InlineData("91350100M000100Y433")]
    [InlineData("91350100m000100y43")]
    [InlineData("91350100M000100I43")]
    [InlineData("9135A100M000100Y43")]
    [InlineData("91350100M000100Y44")]
    public void Other_text_is_not(string? code) => Assert.False(SocialCreditCode.IsValid(code));

    [Fact]
    public void One_wrong_character_is_always_noticed()
    {
        const string code = "91350100M000100Y43";
        for (var at = 0; at < code.Length; at++)
        {
            foreach (var other in Alphabet.Where(c => c != code[at]))
            {
                Assert.False(SocialCreditCode.IsValid(code[..at] + other + code[(at + 1)..]));
            }
        }
    }

    [Fact]
    public void Two_neighbours_in_the_wrong_order_are_always_noticed()
        => Randomness.ForAnySeed(500, random =>
        {
            var code = SocialCreditCode.Complete(
                "91" + random.Next(100_000, 1_000_000) + string.Concat(Enumerable.Range(0, 9).Select(_ => Alphabet[random.Next(31)])));
            var at = random.Next(17);
            var swapped = code[..at] + code[at + 1] + code[at] + code[(at + 2)..];
            return swapped == code || !SocialCreditCode.IsValid(swapped);
        });

    [Theory]
    [InlineData("")]
    [InlineData("91350100M000100Y43")]
    [InlineData("91350100S000100Y4")]
    public void What_is_not_the_first_seventeen_is_refused(string text) => Assert.Throws<ArgumentException>(() => SocialCreditCode.Complete(text));
}
