using System.Collections.Frozen;
using System.Globalization;

namespace Tendering.Protocols;

/// <summary>
/// The law that a tender is judged by: rules as rows of data, found by what they are asked for (a key such as
/// <c>publicity-length</c>) since numbers, ids and words differ from set to set. A set that has no rule for a key asks nothing there.
/// </summary>
public sealed class RuleSet
{
    private static readonly Lazy<FrozenDictionary<string, RuleSet>> Sets = new(ReadAll);

    private readonly FrozenDictionary<string, LawRule> _byKey;

    private RuleSet(string[] set, FrozenDictionary<string, LawRule> rules, FrozenDictionary<string, LawRule> byKey)
    {
        (Id, NameChinese, NameEnglish, Currency) = (set[0], set[1], set[2], set[3]);
        Zone = TimeZoneInfo.FindSystemTimeZoneById(set[4]);
        EffectiveFrom = DateOnly.Parse(set[5], CultureInfo.InvariantCulture);
        EffectiveUntil = set[6].Length == 0 ? null : DateOnly.Parse(set[6], CultureInfo.InvariantCulture);
        RollsHolidays = set[7] == "yes";
        (Rules, _byKey) = (rules, byKey);
    }

    public static IReadOnlyCollection<RuleSet> All => Sets.Value.Values;

    public string Id { get; }
    public string NameChinese { get; }
    public string NameEnglish { get; }

    /// <summary>ISO 4217.</summary>
    public string Currency { get; }

    public TimeZoneInfo Zone { get; }
    public DateOnly EffectiveFrom { get; }

    /// <summary>Last day on which a notice is judged by this set; null while it is in force.</summary>
    public DateOnly? EffectiveUntil { get; }

    /// <summary>A period whose last day is no working day ends on the next one (87号 85).</summary>
    public bool RollsHolidays { get; }

    /// <summary>By id.</summary>
    public IReadOnlyDictionary<string, LawRule> Rules { get; }

    public static RuleSet? Find(string id) => Sets.Value.GetValueOrDefault(id);

    /// <exception cref="KeyNotFoundException">There is no such rule set.</exception>
    public static RuleSet Get(string id) => Find(id) ?? throw new KeyNotFoundException($"There is no rule set '{id}'.");

    public bool IsInForce(DateOnly day) => day >= EffectiveFrom && (EffectiveUntil is null || day <= EffectiveUntil);

    /// <summary>The rule that this set has for a key, or null where its law asks nothing.</summary>
    public LawRule? Find(RuleKey key) => _byKey.GetValueOrDefault(key.Name);

    /// <exception cref="KeyNotFoundException">The set has no rule for the key.</exception>
    public LawRule Get(RuleKey key) => Find(key) ?? throw new KeyNotFoundException($"{Id} has no rule for '{key.Name}'.");

    /// <summary>When the period of a rule ends that starts at <paramref name="start"/>: see <see cref="DayCount"/>.</summary>
    public DateTimeOffset EndOf(LawRule rule, DateTimeOffset start) => DayCount.End(start, rule.Count, rule.Unit == "working day", RollsHolidays, Zone);

    private static FrozenDictionary<string, RuleSet> ReadAll()
    {
        var bindings = Table.Read("bindings.csv");
        return Table.Read("sets.csv").Skip(1).Select(set =>
        {
            var rules = Table.Read(set[0] + ".csv").Skip(1).ToFrozenDictionary(r => r[0], r => new LawRule(r[0], r[1], r[2], r[3], r[4], r[5], r[6]));
            var column = Array.IndexOf(bindings[0], set[0]);
            var byKey = bindings.Skip(1).Where(b => b[column].Length > 0).ToFrozenDictionary(b => b[0], b => rules[b[column]]);
            return new RuleSet(set, rules, byKey);
        }).ToFrozenDictionary(s => s.Id);
    }
}
