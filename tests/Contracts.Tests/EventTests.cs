using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tendering.ServiceDefaults;

namespace Tendering.Contracts.Tests;

public partial class EventTests
{
    public static TheoryData<Type> Events => [.. EventShape.Events];

    [Theory]
    [MemberData(nameof(Events))]
    public void An_event_survives_the_journey(Type type)
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        for (var n = 0; n < 20; n++)
        {
            var before = Make(type, random);
            var text = JsonSerializer.Serialize(before, type, Outbox.Json);
            var after = JsonSerializer.Deserialize(text, type, Outbox.Json)!;
            AssertSame(before, after, $"{type.Name}, seed {seed}");
            // A later version may carry more: who does not know it reads on.
            Assert.NotNull(JsonSerializer.Deserialize(text.Insert(1, "\"notKnownYet\":{\"a\":[1]},"), type, Outbox.Json));
        }
    }

    [Theory]
    [MemberData(nameof(Events))]
    public void An_event_lies_in_the_folder_of_the_service_that_publishes_it(Type type)
    {
        var (service, what) = EventShape.NameOf(type).Name.Split('.') is [var s, var w] ? (s, w) : ("", "");
        Assert.Equal($"Tendering.Contracts.{Pascal(service)}", type.Namespace);
        Assert.Equal(Pascal(what), type.Name);
        Assert.True(File.Exists(Path.Combine(Root(), "services", "Contracts", Pascal(service), type.Name + ".cs")), $"{type.Name} belongs into services/Contracts/{Pascal(service)}/{type.Name}.cs");
    }

    [Theory]
    [MemberData(nameof(Events))]
    public void An_event_is_a_record_without_behaviour(Type type)
    {
        Assert.True(type.IsSealed);
        Assert.NotNull(type.GetMethod("<Clone>$"));
        var written = type.GetMethods(BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public)
            .Where(m => !m.IsSpecialName && m.GetCustomAttribute<CompilerGeneratedAttribute>() is null && m.Name != "Deconstruct");
        Assert.Empty(written.Select(m => m.Name));
        Assert.Equal(type.GetProperty("TenderId")?.PropertyType == typeof(Guid), typeof(ITenderEvent).IsAssignableFrom(type));
        Assert.Equal(type.GetProperty("TenderId")?.PropertyType == typeof(Guid?), typeof(IMaybeTenderEvent).IsAssignableFrom(type));
        Assert.DoesNotContain(type.GetProperties(), p => p.PropertyType == typeof(double) || p.PropertyType == typeof(float) || p.PropertyType == typeof(DateTime));
        Assert.Contains(EventShape.NameOf(type).SecretUntil, new[] { null, Disclosure.Opening, Disclosure.Report, Disclosure.Result, Disclosure.Never });
    }

    [Fact]
    public void No_two_events_share_a_name_and_version() => Assert.Empty(EventShape.Events.GroupBy(t => (EventShape.NameOf(t).Name, EventShape.NameOf(t).Version)).Where(g => g.Count() > 1).Select(g => g.Key));

    [Fact]
    public void Names_are_service_dot_noun_and_past_verb_in_kebab_case() => Assert.All(EventShape.Events, t => Assert.Matches(NameForm(), EventShape.NameOf(t).Name));

    private static object Make(Type type, Random random)
    {
        if (type == typeof(Guid)) return Guid.CreateVersion7();
        if (type == typeof(string)) return new[] { "", "plain", "公共资源交易", "quote \" and \\ and \n", "\U0001F4DC", new string('x', 2000) }[random.Next(6)];
        if (type == typeof(int)) return random.Next(int.MinValue, int.MaxValue);
        if (type == typeof(long)) return random.NextInt64(long.MinValue, long.MaxValue);
        if (type == typeof(bool)) return random.Next(2) == 0;
        if (type == typeof(DateTimeOffset)) return new DateTimeOffset(random.NextInt64(DateTime.UnixEpoch.Ticks, DateTime.UnixEpoch.AddYears(100).Ticks), TimeSpan.Zero);
        if (type == typeof(DateOnly)) return DateOnly.FromDayNumber(random.Next(DateOnly.MaxValue.DayNumber));
        if (type.GetElementType() is { } element)
        {
            var array = Array.CreateInstance(element, random.Next(4));
            for (var n = 0; n < array.Length; n++) array.SetValue(Make(element, random), n);
            return array;
        }
        var constructor = type.GetConstructors().Single(c => c.GetParameters() is not [{ } only] || only.ParameterType != type);
        return constructor.Invoke([.. constructor.GetParameters().Select(p => Nullable.GetUnderlyingType(p.ParameterType) is { } inner ? (random.Next(2) == 0 ? null : Make(inner, random)) : Make(p.ParameterType, random))]);
    }

    private static void AssertSame(object? before, object? after, string where)
    {
        if (before is Array array)
        {
            Assert.True(after is Array other && other.Length == array.Length, where);
            for (var n = 0; n < array.Length; n++) AssertSame(array.GetValue(n), ((Array)after!).GetValue(n), $"{where}[{n}]");
        }
        else if (before?.GetType().Assembly == typeof(EventAttribute).Assembly)
            foreach (var property in before.GetType().GetProperties()) AssertSame(property.GetValue(before), property.GetValue(after), $"{where}.{property.Name}");
        else Assert.True(Equals(before, after), $"{where}: {before} became {after}");
    }

    private static string Pascal(string kebab) => string.Concat(kebab.Split('-').Select(part => char.ToUpperInvariant(part[0]) + part[1..]));

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Tendering.sln"))) return folder.FullName;
        throw new DirectoryNotFoundException($"No checkout above {AppContext.BaseDirectory}.");
    }

    [GeneratedRegex(@"^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)+$")]
    private static partial Regex NameForm();
}
