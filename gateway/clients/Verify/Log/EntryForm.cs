using System.Text.Json;

namespace Tendering.Verify.Log;

/// <summary>What an entry is (docs/formats/log-entries.md), read without building it: a million of them are looked at.</summary>
public readonly record struct EntryForm(EntryKind Kind, Guid Id)
{
    public static EntryForm Of(ReadOnlySpan<byte> entry)
    {
        string? kind = null;
        Guid? id = null;
        var hasRoot = false;
        try
        {
            var json = new Utf8JsonReader(entry);
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject) return default;
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var (isId, isKind, isRoot) = (json.ValueTextEquals("id"u8), json.ValueTextEquals("kind"u8), json.ValueTextEquals("root"u8));
                json.Read();
                if (isId && json.TokenType == JsonTokenType.String && json.TryGetGuid(out var guid)) id = guid;
                else if (isKind && json.TokenType == JsonTokenType.String) kind = json.ValueTextEquals("event"u8) ? "event" : json.ValueTextEquals("secrets"u8) ? "secrets" : null;
                else if (isRoot && json.TokenType == JsonTokenType.String) hasRoot = true;
                else json.Skip();
            }
            if (json.Read()) return default;
        }
        catch (JsonException) { return default; }
        return kind == "event" && id is { } known ? new EntryForm(EntryKind.Event, known) : kind == "secrets" && hasRoot ? new EntryForm(EntryKind.Secrets, default) : default;
    }
}

public enum EntryKind { Unknown, Event, Secrets }
