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

    // As the options of canonical JSON, with members in canonical order.
    private static readonly JsonSerializerOptions Sorted = CanonicalJson.CreateOptions(new DefaultJsonTypeInfoResolver { Modifiers = { Sort } });

    /// <summary>The canonical bytes, or null for a value that must be sorted or written number by number.</summary>
    public static byte[]? TryWrite<T>(T value)
    {
        if (!Known.GetOrAdd(typeof(T), static type => IsFixed(type, [])))
        {
            return null;
        }

        var sorted = JsonSerializer.SerializeToUtf8Bytes(value, Sorted);
        return IsPlain(sorted) ? sorted : null;
    }

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

    // Text that the serializer wrote in sorted order is canonical if it escapes nothing and its numbers are integers that every reader keeps: 15 digits are below 2^53.
    private static bool IsPlain(ReadOnlySpan<byte> json)
    {
        if (json.Contains((byte)'\\'))
        {
            return false;
        }

        while (json.IndexOf((byte)'"') is var quote and >= 0)
        {
            if (!HasPlainNumbers(json[..quote]))
            {
                return false;
            }

            json = json[(quote + 1)..];
            json = json[(json.IndexOf((byte)'"') + 1)..];
        }

        return HasPlainNumbers(json);
    }

    private static bool HasPlainNumbers(ReadOnlySpan<byte> outsideStrings)
    {
        const int digitsMax = 15;
        var digits = 0;
        foreach (var c in outsideStrings)
        {
            if (c is (byte)'.' or (byte)'E' || (c == (byte)'e' && digits > 0))
            {
                return false;
            }

            digits = char.IsAsciiDigit((char)c) ? digits + 1 : 0;
            if (digits > digitsMax)
            {
                return false;
            }
        }

        return true;
    }
}
