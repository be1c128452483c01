using System.Reflection;
using System.Text.Json;

namespace Tendering.Contracts.Tests;

/// <summary>
/// The public shape of the events: one block an event or part of one, its first line the name, version and secrecy, then a line a
/// field as it stands in the JSON. Written events live for ever: the approved shape is what replays and other services rely on.
/// </summary>
public sealed record EventShape(string Name, string Kind, IReadOnlyDictionary<string, string> Fields)
{
    public static Type[] Events { get; } =
        [.. typeof(EventAttribute).Assembly.GetTypes().Where(t => t.GetCustomAttribute<EventAttribute>() is not null).OrderBy(t => t.GetCustomAttribute<EventAttribute>()!.Name, StringComparer.Ordinal)];

    public static EventAttribute NameOf(Type type) => type.GetCustomAttribute<EventAttribute>()!;

    /// <summary>All events, then the records they are made of.</summary>
    public static IReadOnlyList<EventShape> Current()
    {
        var parts = new SortedDictionary<string, Type>(StringComparer.Ordinal);
        foreach (var type in Events) Collect(type, parts);
        return [.. Events.Select(t => new EventShape(NameOf(t).Name, $"version {NameOf(t).Version}{(NameOf(t).SecretUntil is { } until ? $", secret until {until}" : "")}", FieldsOf(t))),
            .. parts.Select(p => new EventShape(p.Key, "part", FieldsOf(p.Value)))];
    }

    public static string Write(IEnumerable<EventShape> shapes) =>
        string.Join("\n", shapes.Select(s => $"{s.Name} ({s.Kind})\n" + string.Concat(s.Fields.Select(f => $"  {f.Key}: {f.Value}\n"))));

    public static IReadOnlyList<EventShape> Read(string text) =>
    [
        .. from block in text.Replace("\r", "", StringComparison.Ordinal).Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
           let lines = block.Trim('\n').Split('\n')
           let head = lines[0].Split(" (", 2)
           select new EventShape(head[0], head[1].TrimEnd(')'), lines.Skip(1).Select(l => l.Trim().Split(": ", 2)).ToDictionary(f => f[0], f => f[1])),
    ];

    /// <summary>What is wrong with the current shape, each with what to do about it; nothing where it is as approved.</summary>
    public static IReadOnlyList<string> Compare(IReadOnlyList<EventShape> approved, IReadOnlyList<EventShape> current)
    {
        var found = new List<string>();
        foreach (var old in approved)
        {
            if (current.FirstOrDefault(s => s.Name == old.Name) is not { } now) { found.Add($"{old.Name} is gone. Stored events carry its name for ever: keep the record, and publish another beside it."); continue; }
            if (now.Kind != old.Kind && !IsHigher(now, old)) found.Add($"{old.Name} was approved as '{old.Kind}' and is '{now.Kind}': raise its version and approve it.");
            if (IsHigher(now, old)) found.Add($"{old.Name} has a new version: keep a record of the old one that its consumers still read, and replace its block in events.approved.txt.");
            else
                foreach (var (field, type) in old.Fields)
                    if (now.Fields.GetValueOrDefault(field) is not { } typeNow) found.Add($"{old.Name} lost '{field}'. {NewVersion}");
                    else if (typeNow != type) found.Add($"{old.Name}: '{field}' was {type} and is {typeNow}. {NewVersion}");
            foreach (var (field, type) in now.Fields.Where(f => !IsHigher(now, old) && !old.Fields.ContainsKey(f.Key)))
                found.Add(type.EndsWith('?')
                    ? $"{old.Name} has a new field that may be missing: add '  {field}: {type}' to its block in events.approved.txt."
                    : $"{old.Name} has a new field '{field}' that stored events lack: make it nullable. Or: {NewVersion}");
        }
        foreach (var now in current.Where(s => approved.All(a => a.Name != s.Name)))
            found.Add($"{now.Name} is new: add to events.approved.txt\n{Write([now])}");
        return found;
    }

    private const string NewVersion = "Add a version instead: [Event(name, version: n + 1)] on a record beside the old one; consumers read both until no stream holds the old.";

    private static bool IsHigher(EventShape now, EventShape old) => VersionOf(now) > VersionOf(old);
    private static int VersionOf(EventShape shape) => shape.Kind.StartsWith("version ", StringComparison.Ordinal) ? int.Parse(shape.Kind[8..].Split(',')[0], System.Globalization.CultureInfo.InvariantCulture) : 0;

    private static Dictionary<string, string> FieldsOf(Type type) => type.GetProperties().ToDictionary(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name), TypeOf);

    private static string TypeOf(PropertyInfo property)
    {
        var nullable = new NullabilityInfoContext().Create(property).ReadState == NullabilityState.Nullable;
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        return type.Name + (nullable ? "?" : "");
    }

    private static void Collect(Type type, SortedDictionary<string, Type> parts)
    {
        foreach (var part in type.GetProperties().Select(p => p.PropertyType.GetElementType() ?? p.PropertyType).Where(t => t.Assembly == typeof(EventAttribute).Assembly))
            if (parts.TryAdd(part.Name, part)) Collect(part, parts);
    }
}
