using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tendering.Protocols.Tests;

public class CanonicalJsonTests
{
    private sealed record Offer(string Name, long Price, string? Remarks, decimal Score, Guid Id);

    [Fact]
    public void The_example_of_RFC_8785_comes_out_as_printed_there()
    {
        var input = """
            {
              "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
              "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
              "literals": [null, true, false]
            }
            """;
        const string expected = """
            {"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}
            """;
        Assert.Equal(expected, Canonical(input));
    }

    [Fact]
    public void Keys_are_sorted_by_UTF_16_code_units_as_RFC_8785_section_3_2_3_shows()
    {
        var input = """
            {"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}
            """;
        var values = JsonNode.Parse(Canonical(input))!.AsObject().Select(member => member.Value!.GetValue<string>());
        Assert.Equal(
            ["Carriage Return", "One", "Control", "Latin Small Letter O With Diaeresis", "Euro Sign", "Emoji: Grinning Face", "Hebrew Letter Dalet With Dagesh"],
            values);
    }

    // RFC 8785, appendix B: the bits of a double and its text.
    [Theory]
    [InlineData(0x0000000000000000, "0")]
    [InlineData(0x8000000000000000, "0")]
    [InlineData(0x0000000000000001, "5e-324")]
    [InlineData(0x8000000000000001, "-5e-324")]
    [InlineData(0x7fefffffffffffff, "1.7976931348623157e+308")]
    [InlineData(0xffefffffffffffff, "-1.7976931348623157e+308")]
    [InlineData(0x4340000000000000, "9007199254740992")]
    [InlineData(0xc340000000000000, "-9007199254740992")]
    [InlineData(0x4430000000000000, "295147905179352830000")]
    [InlineData(0x44b52d02c7e14af5, "9.999999999999997e+22")]
    [InlineData(0x44b52d02c7e14af6, "1e+23")]
    [InlineData(0x44b52d02c7e14af7, "1.0000000000000001e+23")]
    [InlineData(0x444b1ae4d6e2ef4e, "999999999999999700000")]
    [InlineData(0x444b1ae4d6e2ef4f, "999999999999999900000")]
    [InlineData(0x444b1ae4d6e2ef50, "1e+21")]
    [InlineData(0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7")]
    [InlineData(0x3eb0c6f7a0b5ed8d, "0.000001")]
    [InlineData(0x41b3de4355555553, "333333333.3333332")]
    [InlineData(0x41b3de4355555554, "333333333.33333325")]
    [InlineData(0x41b3de4355555555, "333333333.3333333")]
    [InlineData(0x41b3de4355555556, "333333333.3333334")]
    [InlineData(0x41b3de4355555557, "333333333.33333343")]
    [InlineData(0xbecbf647612f3696, "-0.0000033333333333333333")]
    [InlineData(0x43143ff3c1cb0959, "1424953923781206.2")]
    public void A_double_is_written_as_RFC_8785_appendix_B_says(ulong bits, string text)
        => Assert.Equal(text, EcmaScriptNumber.Write(BitConverter.UInt64BitsToDouble(bits)));

    [Fact]
    public void A_value_is_written_in_camel_case_with_nulls_and_sorted()
        => Assert.Equal(
            """{"id":"0198a000-0000-7000-8000-000000000001","name":"甲\"公司","price":123456,"remarks":null,"score":87.25}""",
            Encoding.UTF8.GetString(CanonicalJson.Serialize(new Offer("甲\"公司", 123456, null, 87.250m, new Guid("0198a000-0000-7000-8000-000000000001")))));

    [Theory]
    [InlineData("9007199254740993")]
    [InlineData("-9007199254740993")]
    [InlineData("123456789012345678901234567890")]
    [InlineData("1e400")]
    [InlineData("1e20")]
    [InlineData("""{"a":1,"a":2}""")]
    [InlineData("""{"a":1,"\u0061":2}""")]
    [InlineData("\"\\ud800\"")]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("1 2")]
    [InlineData("{")]
    [InlineData("")]
    public void What_has_no_one_canonical_form_is_refused(string json) => Assert.ThrowsAny<JsonException>(() => Canonical(json));

    [Fact]
    public void A_decimal_that_would_lose_digits_is_refused()
        => Assert.Throws<JsonException>(() => CanonicalJson.Serialize(new { Score = 0.12345678901234567890m }));

    [Fact]
    public void The_largest_integers_pass() => Assert.Equal("[-9007199254740992,9007199254740992]", Canonical("[-9007199254740992, 9007199254740992]"));

    [Fact]
    public void Only_canonical_bytes_are_read_back()
    {
        var offer = new Offer("a", 1, "b", 1.5m, Guid.NewGuid());
        var canonical = CanonicalJson.Serialize(offer);
        Assert.Equal(offer, CanonicalJson.Deserialize<Offer>(canonical));
        Assert.Throws<JsonException>(() => CanonicalJson.Deserialize<Offer>([.. canonical, (byte)' ']));
    }

    [Fact]
    public void Canonical_bytes_are_their_own_canonical_form()
        => Randomness.ForAnySeed(300, random =>
        {
            var once = CanonicalJson.Canonicalize(AnyNode(random, 4));
            return once.AsSpan().SequenceEqual(CanonicalJson.Canonicalize(once));
        });

    [Fact]
    public void A_double_reads_back_as_itself()
        => Randomness.ForAnySeed(2000, random =>
        {
            var value = BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));
            return !double.IsFinite(value) || double.Parse(EcmaScriptNumber.Write(value), System.Globalization.CultureInfo.InvariantCulture) == value;
        });

    public sealed record Zebra(string Name, long Number, Guid? Id, bool Ä, IReadOnlyList<Ape> Apes, Ape? Best, DateTimeOffset At, int[] Counts);
    public sealed record Ape(string? Zone, int Age, IReadOnlyList<string> Alias, Ape? Above);
    public sealed record Measured(string Unit, double Amount, double Also);
    public sealed record Priced(string Unit, decimal Amount);
    public sealed record Loose(string Zone, Dictionary<string, int> Counts, JsonElement Any, object? Also);

    // Types whose members are sorted once take another way than values that are sorted one by one: the bytes are the same.
    [Fact]
    public void A_value_is_written_as_its_text_is_made_canonical()
        => Randomness.ForAnySeed(500, random =>
        {
            Ape Any(int depth) => new(random.Next(2) == 0 ? null : AnyUnicode(random), random.Next(), [.. Enumerable.Range(0, random.Next(3)).Select(_ => AnyUnicode(random))], depth > 0 && random.Next(2) == 0 ? Any(depth - 1) : null);
            var number = (1L << random.Next(40, 54)) * (random.Next(2) == 0 ? 1 : -1);
            return WrittenAlike(new Zebra(AnyUnicode(random), number, random.Next(2) == 0 ? null : Guid.NewGuid(), true, [Any(2), Any(0)], Any(1), DateTimeOffset.UnixEpoch.AddTicks(random.NextInt64(1L << 56)), [random.Next(), -1, 0]))
                && WrittenAlike(new Measured(AnyUnicode(random), random.Next(5) switch { 0 => -0.0, 1 => 1e15, 2 => random.Next(), _ => random.NextDouble() * Math.Pow(10, random.Next(-30, 15)) }, -0.0))
                && WrittenAlike(new Priced("m", random.Next() / 100m))
                && WrittenAlike(new Loose("z", new() { ["z"] = 1, ["a"] = random.Next() }, JsonSerializer.SerializeToElement(AnyNode(random, 2)), new { z = 1, a = 2 }))
                && WrittenAlike(new Dictionary<string, Ape> { ["b"] = Any(1), ["a"] = Any(1) });
        });

    [Theory]
    [InlineData(1L << 53, true)]
    [InlineData((1L << 53) + 1, false)]
    [InlineData(long.MinValue, false)]
    public void A_number_beyond_2_to_the_53_is_refused_in_a_record_too(long number, bool isWritten)
    {
        var zebra = new Zebra("", number, null, false, [], null, default, []);
        if (isWritten) Assert.Contains(number.ToString(System.Globalization.CultureInfo.InvariantCulture), Encoding.UTF8.GetString(CanonicalJson.Serialize(zebra)), StringComparison.Ordinal);
        else Assert.Throws<JsonException>(() => CanonicalJson.Serialize(zebra));
    }

    private static bool WrittenAlike<T>(T value) => CanonicalJson.Serialize(value).AsSpan().SequenceEqual(CanonicalJson.CanonicalizeExactly(JsonSerializer.SerializeToUtf8Bytes(value, CanonicalJson.Options)));

    // Quotes, controls, signs beyond the basic plane, halves of such signs: whatever a text may hold.
    private static string AnyUnicode(Random random) => string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => random.Next(6) switch
    {
        0 => "\"",
        1 => ((char)random.Next(0x20)).ToString(),
        2 => char.ConvertFromUtf32(random.Next(0x1_0000, 0x11_0000)),
        3 => ((char)random.Next(0xd800, 0xe000)).ToString(),
        _ => ((char)random.Next(0x20, 0x3000)).ToString(),
    }));

    private static string Canonical(string json) => Encoding.UTF8.GetString(CanonicalJson.Canonicalize(Encoding.UTF8.GetBytes(json)));

    private static JsonNode? AnyNode(Random random, int depth) => random.Next(depth > 0 ? 7 : 5) switch
    {
        0 => null,
        1 => JsonValue.Create(random.Next(2) == 0),
        2 => JsonValue.Create(random.Next(int.MinValue, int.MaxValue)),
        3 => JsonValue.Create(random.NextDouble() * Math.Pow(10, random.Next(-30, 15))),
        4 => JsonValue.Create(AnyText(random)),
        5 => new JsonArray([.. Enumerable.Range(0, random.Next(4)).Select(_ => AnyNode(random, depth - 1))]),
        _ => new JsonObject(Enumerable.Range(0, random.Next(4)).Select(i => KeyValuePair.Create(AnyText(random) + i, AnyNode(random, depth - 1)))),
    };

    private static string AnyText(Random random) => string.Concat(Enumerable.Range(0, random.Next(8)).Select(_ => (char)random.Next(0xd800)));
}
