using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Tendering.Protocols;

/// <summary>
/// Types whose JSON has the same members in the same order for every value, such as records of texts, numbers, lists and other such records: sorted once by type, their text needs no
/// sorting by value. Dictionaries, JSON trees, extension data and derived types are others.
/// </summary>
internal static class FixedShape
{
    private static readonly ConcurrentDictionary<Type, bool> Known = new();

    /// <summary>As <see cref="CanonicalJson.Options"/>, with members in canonical order. For writing.</summary>
    public static JsonSerializerOptions Sorted { get; } = CanonicalJson.CreateOptions(new DefaultJsonTypeInfoResolver { Modifiers = { Sort } });

    /// <summary>Is <typeparamref name="T"/> such a type through and through?</summary>
    public static bool Of<T>() => Known.GetOrAdd(typeof(T), static type => IsFixed(type, []));

    private static bool IsFixed(Type type, HashSet<Type> above)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(double) || type == typeof(float))
        {
            return false;                                           // the serializer writes -0, the canonical form 0
        }

        if (type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(Guid) || type == typeof(DateTimeOffset) || !above.Add(type))
        {
            return true;
        }

        var info = Sorted.GetTypeInfo(type);
        return info.PolymorphismOptions is null && info.Kind switch
        {
            JsonTypeInfoKind.Object => type != typeof(object) && info.Properties.All(p => !p.IsExtensionData && p.CustomConverter is null && IsFixed(p.PropertyType, above)),
            JsonTypeInfoKind.Enumerable => info.ElementType is { } element && IsFixed(element, above),
            _ => false,
        };
    }

    private static void Sort(JsonTypeInfo type)
    {
        var order = 0;
        foreach (var property in type.Properties.OrderBy(p => p.Name, StringComparer.Ordinal))
        {
            property.Order = order++;
        }
    }
}
