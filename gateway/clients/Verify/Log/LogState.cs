using System.Text.Json;
using Tendering.Protocols;

namespace Tendering.Verify.Log;

/// <summary>What this machine saw of a log the last time: its key and its checkpoint. Without it a log could show a new history each time.</summary>
public sealed record LogState(string Key, string Checkpoint, DateTimeOffset SeenAt)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public Checkpoint Seen => Protocols.Checkpoint.Parse(SignedNote.Parse(Checkpoint).Text);

    public static string DefaultPath(string origin) => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "tendering-verify", HexText.Sha256(System.Text.Encoding.UTF8.GetBytes(origin))[..16] + ".json");

    public static LogState? Load(string path)
    {
        if (!File.Exists(path)) return null;
        try
        {
            var state = JsonSerializer.Deserialize<LogState>(File.ReadAllText(path), Json);
            return state?.Seen is null ? throw Damaged(path) : state;
        }
        catch (Exception e) when (e is JsonException or ProtocolException or ArgumentException) { throw Damaged(path); }
    }

    public void Save(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var fresh = path + ".new";
        using (var file = new FileStream(fresh, FileMode.Create))
        {
            JsonSerializer.Serialize(file, this, Json);
            file.Flush(flushToDisk: true);
        }
        File.Move(fresh, path, overwrite: true);
    }

    private static UsageException Damaged(string path) => new($"'{path}' is damaged, so what was last seen of the log is not known. Look at it, or name another with --state.");
}
