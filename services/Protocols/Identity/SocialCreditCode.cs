namespace Tendering.Protocols;

/// <summary>The unified social credit code (统一社会信用代码) of GB 32100-2015: 18 characters, the last one a check on the others.</summary>
public static class SocialCreditCode
{
    // I, O, S, V and Z are left out of the alphabet: they look like digits or each other.
    private const string Alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";

    /// <summary>Is the code well formed, with its district in digits, and its check character right?</summary>
    public static bool IsValid(string? code) => code is { Length: 18 } && IsBody(code[..17]) && Check(code) == code[17];

    /// <summary>The whole code for its first 17 characters; other text is an <see cref="ArgumentException"/>.</summary>
    public static string Complete(string first17)
        => first17 is { Length: 17 } && IsBody(first17)
            ? first17 + Check(first17)
            : throw new ArgumentException("Not the first 17 characters of a social credit code.", nameof(first17));

    private static bool IsBody(string first17) => first17.All(c => Alphabet.Contains(c, StringComparison.Ordinal)) && first17[2..8].All(char.IsAsciiDigit);

    private static char Check(string code)
    {
        int sum = 0, weight = 1;
        for (var i = 0; i < 17; i++)
        {
            sum += Alphabet.IndexOf(code[i], StringComparison.Ordinal) * weight;
            weight = weight * 3 % 31;
        }

        return Alphabet[(31 - (sum % 31)) % 31];
    }
}
