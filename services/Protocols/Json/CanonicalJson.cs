using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;

namespace Tendering.Protocols;

/// <summary>The one byte form of a JSON value (RFC 8785, JCS): keys sorted by UTF-16 code units, ECMAScript numbers, no white space, UTF-8.</summary>
public static class CanonicalJson
{
    // ECMAScript numbers are doubles: beyond 2^53 neighbouring integers share one text, and one of two signed values could replace the other.
    private const long IntegerMax = 1L << 53;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>camelCase, nulls written, nothing unknown, missing, doubled or of the wrong type read.</summary>
    public static JsonSerializerOptions Options { get; } = CreateOptions();

    /// <summary>Canonical bytes of a value; a number that would lose digits is refused with a <see cref="JsonException"/>. Prefer integers and strings.</summary>
    public static byte[] Serialize<T>(T value) => FixedShape.TryWrite(value) ?? Write(JsonSerializer.SerializeToUtf8Bytes(value, Options), exact: true);

    /// <summary>Canonical bytes of JSON text; doubled keys and integers beyond 2^53 are refused with a <see cref="JsonException"/>.</summary>
    public static byte[] Canonicalize(ReadOnlySpan<byte> json) => Write(json.ToArray(), exact: false);

    /// <summary>Like <see cref="Canonicalize(ReadOnlySpan{byte})"/>, but a number that would lose digits is refused too: two texts with different values never get the same bytes.</summary>
    public static byte[] CanonicalizeExactly(ReadOnlySpan<byte> json) => Write(json.ToArray(), exact: true);

    /// <summary>Canonical bytes of a JSON tree, where null is the JSON null.</summary>
    public static byte[] Canonicalize(JsonNode? node) => Canonicalize(node is null ? "null"u8 : JsonSerializer.SerializeToUtf8Bytes(node, Options));

    /// <summary>Reads a value whose bytes must already be canonical; anything else is refused with a <see cref="JsonException"/>.</summary>
    public static T Deserialize<T>(ReadOnlySpan<byte> canonical)
    {
        var value = JsonSerializer.Deserialize<T>(canonical, Options) ?? throw new JsonException("The value is null.");
        return canonical.SequenceEqual(Serialize(value)) ? value : throw new JsonException("The JSON is not in canonical form (RFC 8785).");
    }

    internal static JsonSerializerOptions CreateOptions(IJsonTypeInfoResolver? resolver = null)
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            NumberHandling = JsonNumberHandling.Strict,
            PropertyNameCaseInsensitive = false,
            AllowDuplicateProperties = false,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            TypeInfoResolver = resolver,
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }

    private static byte[] Write(byte[] json, bool exact)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            var output = new ArrayBufferWriter<byte>();
            WriteValue(output, document.RootElement, exact);
            return output.WrittenSpan.ToArray();
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException("A text is not Unicode: it holds a lone surrogate or ill-formed UTF-8.", e);
        }
    }

    private static void WriteValue(ArrayBufferWriter<byte> output, JsonElement element, bool exact)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(output, element, exact);
                break;
            case JsonValueKind.Array:
                WriteArray(output, element, exact);
                break;
            case JsonValueKind.String:
                WriteString(output, JsonMarshal.GetRawUtf8Value(element)[1..^1], element);
                break;
            case JsonValueKind.Number:
                WriteAscii(output, Number(element.GetRawText(), exact));
                break;
            default:
                WriteAscii(output, element.GetRawText());
                break;
        }
    }

    private static void WriteObject(ArrayBufferWriter<byte> output, JsonElement element, bool exact)
    {
        var separator = "{";
        var members = new (string Name, JsonElement Value)[element.GetPropertyCount()];
        var count = 0;
        foreach (var property in element.EnumerateObject())
        {
            members[count++] = (property.Name, property.Value);
        }

        Array.Sort(members, static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        foreach (var (name, value) in members)
        {
            WriteAscii(output, separator);
            WriteString(output, name);
            WriteAscii(output, ":");
            WriteValue(output, value, exact);
            separator = ",";
        }

        WriteAscii(output, separator == "{" ? "{}" : "}");
    }

    private static void WriteArray(ArrayBufferWriter<byte> output, JsonElement element, bool exact)
    {
        var separator = "[";
        foreach (var item in element.EnumerateArray())
        {
            WriteAscii(output, separator);
            WriteValue(output, item, exact);
            separator = ",";
        }

        WriteAscii(output, separator == "[" ? "[]" : "]");
    }

    // What needs no escape in JSON text has none in the canonical form either: its bytes are copied as they are.
    private static void WriteString(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> raw, JsonElement element)
    {
        if (raw.Contains((byte)'\\') || !Utf8.IsValid(raw))
        {
            WriteString(output, element.GetString()!);
            return;
        }

        WriteAscii(output, "\"");
        output.Write(raw);
        WriteAscii(output, "\"");
    }

    private static void WriteString(ArrayBufferWriter<byte> output, string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\0', '\x1f') && !text.AsSpan().ContainsAny('"', '\\'))
        {
            var span = output.GetSpan((text.Length * 3) + 2);
            span[0] = (byte)'"';
            var length = Encoding.UTF8.GetBytes(text, span[1..]);
            span[length + 1] = (byte)'"';
            output.Advance(length + 2);
            return;
        }

        var escaped = new StringBuilder(text.Length + 2).Append('"');
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' => escaped.Append("\\\""),
                '\\' => escaped.Append("\\\\"),
                '\b' => escaped.Append("\\b"),
                '\t' => escaped.Append("\\t"),
                '\n' => escaped.Append("\\n"),
                '\f' => escaped.Append("\\f"),
                '\r' => escaped.Append("\\r"),
                < ' ' => escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => escaped.Append(c),
            };
        }

        output.Write(Encoding.UTF8.GetBytes(escaped.Append('"').ToString()));
    }

    private static void WriteAscii(ArrayBufferWriter<byte> output, string text) => output.Advance(Encoding.ASCII.GetBytes(text, output.GetSpan(text.Length)));

    private static string Number(string text, bool exact)
    {
        if (!text.AsSpan().ContainsAny('.', 'e', 'E'))
        {
            return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer) && integer is >= -IntegerMax and <= IntegerMax
                ? integer.ToString(CultureInfo.InvariantCulture)
                : throw new JsonException($"The integer {text} is beyond 2^53.");
        }

        var value = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        var written = double.IsFinite(value) ? EcmaScriptNumber.Write(value) : throw new JsonException($"The number {text} is too large.");
        if (Math.Abs(value) > IntegerMax && !written.Contains('e', StringComparison.Ordinal))
        {
            // From 2^53 to 10^21 ECMAScript writes a double as an integer, which would be refused when it is read again.
            throw new JsonException($"The number {text} is an integer beyond 2^53.");
        }

        if (exact && Decimal(text) is { } asked && Decimal(written) is { } kept && asked != kept)
        {
            throw new JsonException($"The number {text} would be written as {written}; use a string.");
        }

        return written;
    }

    private static decimal? Decimal(string text)
        => decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : null;
}
