using System.Globalization;

namespace Tendering.Protocols;

/// <summary>One rule of law as a row of data. <paramref name="Confidence"/>: text (read in the law) or known (common knowledge, unverified).</summary>
public sealed record LawRule(string Id, string Subject, string Text, string Value, string Unit, string Article, string Confidence)
{
    /// <summary>The rule's number, in its unit.</summary>
    public decimal Number => decimal.Parse(Value, CultureInfo.InvariantCulture);

    public int Count => (int)Number;
}
