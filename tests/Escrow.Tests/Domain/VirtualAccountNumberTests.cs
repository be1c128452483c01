using Tendering.Escrow.Domain;

namespace Tendering.Escrow.Tests.Domain;

public class VirtualAccountNumberTests
{
    [Fact]
    public void A_number_is_valid_and_no_wrong_digit_nor_swapped_pair_is()
    {
        for (var n = 0; n < 50; n++)
        {
            var number = VirtualAccountNumber.New();
            Assert.True(VirtualAccountNumber.IsValid(number), number);
            for (var i = 0; i < number.Length; i++)
                foreach (var digit in "0123456789".Where(d => d != number[i]))
                    Assert.False(VirtualAccountNumber.IsValid(number[..i] + digit + number[(i + 1)..]), $"{number} with {digit} at {i}");
            for (var i = 0; i < number.Length - 1; i++)
                if (number[i] != number[i + 1]) Assert.False(VirtualAccountNumber.IsValid(number[..i] + number[i + 1] + number[i] + number[(i + 2)..]), $"{number} swapped at {i}");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("88")]
    [InlineData("88000000000000x1")]
    [InlineData("880000000000001234")]
    public void What_is_no_number_is_not_valid(string text) => Assert.False(VirtualAccountNumber.IsValid(text));

    [Fact]
    public void The_check_digits_are_those_of_ISO_7064_MOD_97_10() => Assert.Equal("8800000000000090", VirtualAccountNumber.Complete("88000000000000"));
}
