using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tendering.Protocols;
using Tendering.Supervision.Data;

namespace Tendering.Supervision.Domain;

/// <summary>What only supervisors see of an event, as its face binds it (docs/formats/log-entries.md).</summary>
public sealed record HiddenPart(string? Address, string Hash, long Index, Guid? Organisation, Guid? Person, long Sequence)
{
    public static HiddenPart Of(RecordedEvent e) => new(e.Address, Convert.ToHexStringLower(e.Hash), e.Index, e.OrganisationId, e.PersonId, e.Sequence);
}

/// <summary>
/// The public face of an event: canonical JSON of at most 65,535 bytes. Written by hand, in the order of RFC 8785, because the log takes tens of thousands a second.
/// </summary>
public static class EventFace
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    /// <summary>The face, and whether it holds the payload's hash in place of the payload.</summary>
    public static (byte[] Bytes, bool Hashed) Of(RecordedEvent e, byte[] seed)
    {
        var face = Write(e, seed, PayloadOf(e.Payload), "payload");
        return face.Length <= ushort.MaxValue ? (face, false) : (Write(e, seed, Encoding.ASCII.GetBytes($"\"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(e.Payload)))}\""), "payloadHash"), true);
    }

    /// <summary>UTC to the microsecond.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);

    public static byte[] HiddenSalt(byte[] seed, Guid id) => Salt(seed, id, "hidden"u8);

    /// <summary>What a secret event's face is hashed with: its own salt, that its source made, or one of the log's.</summary>
    public static byte[] FaceSalt(RecordedEvent e, byte[] seed) => e.Salt is { Length: SecretTree.SaltLength } salt ? salt : Salt(seed, e.Id, "face"u8);

    private static byte[] Write(RecordedEvent e, byte[] seed, byte[] payload, string payloadName)
    {
        var output = new ArrayBufferWriter<byte>(payload.Length + 512);
        Text(output, "{\"hidden\":\"" + Convert.ToHexStringLower(Hidden(e, seed)) + "\",\"id\":\"" + e.Id.ToString() + "\",\"kind\":\"event\",\"" + payloadName + "\":");
        output.Write(payload);
        Text(output, ",\"role\":");
        Json(output, e.Role);
        Text(output, ",\"source\":");
        Json(output, e.Source);
        Text(output, ",\"tender\":" + (e.TenderId is { } tender ? $"\"{tender}\"" : "null") + ",\"time\":\"" + Time(e.OccurredAt) + "\",\"type\":");
        Json(output, e.Type);
        Text(output, ",\"version\":" + e.Version.ToString(CultureInfo.InvariantCulture) + "}");
        return output.WrittenSpan.ToArray();
    }

    private static byte[] Hidden(RecordedEvent e, byte[] seed)
    {
        var output = new ArrayBufferWriter<byte>(384);
        output.Write(HiddenSalt(seed, e.Id));
        Text(output, "{\"address\":");
        Json(output, e.Address);
        Text(output, ",\"hash\":\"" + Convert.ToHexStringLower(e.Hash) + "\",\"index\":" + e.Index.ToString(CultureInfo.InvariantCulture) + ",\"organisation\":" + Quoted(e.OrganisationId)
            + ",\"person\":" + Quoted(e.PersonId) + ",\"sequence\":" + e.Sequence.ToString(CultureInfo.InvariantCulture) + "}");
        return SHA256.HashData(output.WrittenSpan);
    }

    private static byte[] Salt(byte[] seed, Guid id, ReadOnlySpan<byte> name) => SHA256.HashData([.. seed, .. name, .. id.ToByteArray(bigEndian: true)]);

    private static string Quoted(Guid? id) => id is { } value ? $"\"{value}\"" : "null";

    // What has no canonical form without loss (no JSON, doubled keys, too many digits) stands there as the text it is.
    private static byte[] PayloadOf(string payload)
    {
        try { return CanonicalJson.CanonicalizeExactly(Encoding.UTF8.GetBytes(payload)); }
        catch (JsonException) { return CanonicalJson.Serialize(payload); }
    }

    private static void Json(ArrayBufferWriter<byte> output, string? text)
    {
        if (text is null) Text(output, "null");
        else if (text.All(c => c is >= ' ' and < (char)127 and not '"' and not '\\')) Text(output, "\"" + text + "\"");
        else output.Write(CanonicalJson.Serialize(text));
    }

    private static void Text(ArrayBufferWriter<byte> output, string text) => output.Advance(Encoding.UTF8.GetBytes(text, output.GetSpan(text.Length * 3)));
}
