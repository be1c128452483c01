using System.Text.RegularExpressions;
using Tendering.Contracts.Tenders;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Tenders.Domain;

/// <summary>Random coefficients (K, down-float) that tender documents leave to a public draw at the opening. Values are decimals as the documents write them.</summary>
public static partial class Coefficient
{
    public const int PerLotMax = 8, ValuesMin = 2, ValuesMax = 1_000, NameMax = 40;

    /// <summary>Where the law fixes the price formula chance has no place in it; elsewhere a rule must provide for it.</summary>
    public static void RequireAllowed(IReadOnlyList<PublishedCoefficient>? coefficients, RuleSet rules)
    {
        if (coefficients is null or []) return;
        rules.Require(RuleKey.PriceFormula, rules.Find(RuleKey.PriceFormula) is null, $"The law fixes how prices score: take the coefficient {coefficients[0].Name} out.");
        rules.Require(RuleKey.RandomCoefficient, rules.Find(RuleKey.RandomCoefficient) is not null, $"The rule set {rules.Id} has no rule that provides for random coefficients: take {coefficients[0].Name} out.");
    }

    /// <summary>What is wrong with the form, or null.</summary>
    public static string? FaultIn(IReadOnlyList<PublishedCoefficient> coefficients) =>
        coefficients.Any(c => c is null || c.Values is null || c.Name is not { Length: > 0 and <= NameMax }) ? $"A coefficient has a name of 1 to {NameMax} characters and values."
        : coefficients.DistinctBy(c => c.Name).Count() != coefficients.Count ? "Two coefficients have one name."
        : coefficients.Any(c => c.Values.Length is < ValuesMin or > ValuesMax || c.Values.Distinct().Count() != c.Values.Length) ? $"A coefficient is drawn from {ValuesMin} to {ValuesMax} values, each named once."
        : coefficients.Any(c => !c.Values.All(v => v is not null && Decimal().IsMatch(v))) ? "Values are decimals such as 0.95."
        : null;

    [GeneratedRegex(@"\A-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,9})?\z")]
    private static partial Regex Decimal();
}
