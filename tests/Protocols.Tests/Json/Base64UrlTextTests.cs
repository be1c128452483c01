namespace Tendering.Protocols.Tests;

public class Base64UrlTextTests
{
    [Theory]
    [InlineData("")]
    [InlineData("_w")]
    [InlineData("-_8")]
    [InlineData("AAAA")]
    public void The_one_text_of_a_value_is_read(string text) => Assert.Equal(text, Base64UrlText.Encode(Base64UrlText.Decode(text)));

    [Theory]
    [InlineData("_w==")]
    [InlineData("-_8=")]
    [InlineData("_x")]
    [InlineData("-_9")]
    [InlineData("AA AA")]
    [InlineData("AAAA\n")]
    [InlineData("+/8")]
    [InlineData("A")]
    [InlineData("AAé")]
    public void Any_other_text_is_refused(string text)
    {
        Assert.Throws<FormatException>(() => Base64UrlText.Decode(text));
        Assert.Null(Base64UrlText.TryDecode(text));
    }
}
