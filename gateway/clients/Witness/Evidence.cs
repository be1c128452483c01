using System.Text.Json;
using Tendering.Protocols;

namespace Tendering.Witness;

/// <summary>What spoke against a log, kept for ever: two checkpoints that it signed and that cannot be of one history, or one that it could not show to follow from the other.</summary>
/// <param name="Kind"><c>fork</c>: proof of itself. <c>unproven</c>: the proof that came along did not hold; only the log can show that another would.</param>
/// <param name="Cosigned">The last checkpoint that this witness had cosigned, as a note; null: none.</param>
/// <param name="Offered">The checkpoint that was offered, as a note.</param>
/// <param name="Proof">The hashes that came along, in base64.</param>
public sealed record Evidence(string Kind, string Origin, string? Cosigned, string Offered, long OldSize, string[] Proof, DateTimeOffset At)
{
    /// <summary>Forks are few and kept whatever their number; unproven ones can be sent by anybody who has a checkpoint.</summary>
    public const int UnprovenMax = 1_000;
    public const string Fork = "fork", Unproven = "unproven";
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>The same two checkpoints are kept once.</summary>
    public string FileName => $"{Kind}-{HexText.Sha256(System.Text.Encoding.UTF8.GetBytes($"{Cosigned}|{Checkpointed(Offered)}"))[..32]}.json";

    public void Keep(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (File.Exists(path) || (Kind == Unproven && Directory.EnumerateFiles(folder, $"{Unproven}-*.json").Take(UnprovenMax).Count() == UnprovenMax)) return;
        Durable.Write(path, JsonSerializer.SerializeToUtf8Bytes(this, Json));
    }

    public static IReadOnlyList<string> ListOf(string folder) => [.. Directory.EnumerateFiles(folder, "*.json").Select(Path.GetFileName).OfType<string>().Order(StringComparer.Ordinal)];

    // Signatures by ECDSA differ each time that the same text is signed.
    private static string Checkpointed(string note) => note[..note.LastIndexOf("\n\n", StringComparison.Ordinal)];
}
