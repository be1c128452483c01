using System.Collections.Concurrent;
using Tendering.Protocols;

namespace Tendering.Witness;

/// <summary>The logs that are watched: their keys and what was cosigned of each last.</summary>
public sealed partial class Witnessing : IDisposable
{
    private const int KeyBytesMax = 16 * 1024;
    private static readonly TimeSpan KeyTimeMax = TimeSpan.FromSeconds(5), KeyPause = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<string, Watched> _logs = new(StringComparer.Ordinal);
    private readonly WitnessSettings _settings;
    private readonly WitnessIdentity _identity;
    private readonly TimeProvider _clock;
    private readonly ILogger<Witnessing> _logger;
    private readonly HttpClient _http = new() { Timeout = KeyTimeMax, MaxResponseContentBufferSize = KeyBytesMax };
    private readonly SemaphoreSlim _learning = new(1, 1);
    private long _learnedAt = -1;

    public Witnessing(WitnessSettings settings, WitnessIdentity identity, TimeProvider clock, ILogger<Witnessing> logger)
    {
        (_settings, _identity, _clock, _logger) = (settings, identity, clock, logger);
        foreach (var folder in new[] { KeyFolder, StateFolder, EvidenceFolder }) Directory.CreateDirectory(folder);
        Durable.SyncFolder(settings.Folder);
        foreach (var log in settings.Logs.Select(log => log.Key).OfType<NoteKey>()) Watch(log);
        // What was once believed stays so, whatever address it came from.
        if (settings.Logs.Any(log => log.KeyUrl is not null))
            foreach (var pin in Directory.EnumerateFiles(KeyFolder)) Watch(NoteKey.Parse(File.ReadAllText(pin).Trim()));
    }

    public NoteKey Key => _identity.Signer.Key;

    public IEnumerable<Watched> Logs => _logs.Values;

    public string EvidenceFolder => Path.Combine(_settings.Folder, "evidence");
    private string KeyFolder => Path.Combine(_settings.Folder, "keys");
    private string StateFolder => Path.Combine(_settings.Folder, "cosigned");

    /// <summary>A log, and the last of it that was cosigned.</summary>
    public sealed record Watched(NoteKey Key, LastCosigned Last);

    /// <summary>The log with this origin, or null; one whose key is to be taken on first use is asked for it now.</summary>
    public async Task<Watched?> FindAsync(string origin, CancellationToken ct)
    {
        if (!_logs.ContainsKey(origin)) await LearnAsync(ct);
        return _logs.GetValueOrDefault(origin);
    }

    /// <summary>Looks, decides and writes as one step; the cosignature is given away only when it is on disk what it was given for.</summary>
    public async Task<(Answer Answer, long Size, NoteSignature? Cosignature)> AskAsync(Watched log, WitnessRequest request, Checkpoint offered, CancellationToken ct)
    {
        await log.Last.Turn.WaitAsync(ct);
        try
        {
            var answer = Judgement.Of(log.Last.Checkpoint, request, offered);
            if (answer is Answer.Fork or Answer.NoProof) Accuse(log, answer, request);
            if (answer != Answer.Cosign) return (answer, log.Last.Checkpoint?.Size ?? 0, null);
            var cosignature = _identity.Signer.Cosign(offered, _clock.GetUtcNow());
            // What others signed is theirs to show; kept are the log's own signatures and this one.
            if (log.Last.Checkpoint?.SameTree(offered) != true)
                log.Last.Write(new SignedNote(offered.Text, [.. request.Checkpoint.Signatures.Where(signature => signature.IsOf(log.Key)), cosignature]));
            return (answer, offered.Size, cosignature);
        }
        finally { log.Last.Turn.Release(); }
    }

    public void Dispose()
    {
        foreach (var log in _logs.Values) log.Last.Dispose();
        _http.Dispose();
        _learning.Dispose();
    }

    private void Accuse(Watched log, Answer answer, WitnessRequest request)
    {
        var kind = answer == Answer.Fork ? Evidence.Fork : Evidence.Unproven;
        new Evidence(kind, log.Key.Name, log.Last.Note?.ToString(), request.Checkpoint.ToString(), request.OldSize, [.. request.Proof.Select(Convert.ToBase64String)], _clock.GetUtcNow()).Keep(EvidenceFolder);
        if (answer == Answer.Fork) LogFork(_logger, log.Key.Name);
        else LogUnproven(_logger, log.Key.Name);
    }

    private void Watch(NoteKey key) => _logs.GetOrAdd(key.Name, _ => new Watched(key, LastCosigned.Open(Path.Combine(StateFolder, NameOf(key.Name)))));

    // Trust on first use: whoever answers at the address the first time is believed for ever.
    private async Task LearnAsync(CancellationToken ct)
    {
        await _learning.WaitAsync(ct);
        try
        {
            if (_learnedAt >= 0 && _clock.GetElapsedTime(_learnedAt) < KeyPause) return;
            foreach (var url in _settings.Logs.Select(log => log.KeyUrl).OfType<Uri>()) await LearnAsync(url, ct);
            _learnedAt = _clock.GetTimestamp();
        }
        finally { _learning.Release(); }
    }

    private async Task LearnAsync(Uri url, CancellationToken ct)
    {
        try
        {
            if (KeyIn(await _http.GetStringAsync(url, ct)) is not { Kind: NoteKeyKind.Ecdsa } key || _logs.ContainsKey(key.Name)) return;
            Durable.Write(Path.Combine(KeyFolder, NameOf(key.Name)), System.Text.Encoding.UTF8.GetBytes(key + "\n"));
            Watch(key);
            LogPinned(_logger, key.Name, key.ToString());
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !ct.IsCancellationRequested) { LogUnreachable(_logger, url, e.Message); }
    }

    // The key alone, or the member `key` of a JSON object.
    private static NoteKey? KeyIn(string body)
    {
        if (NoteKey.TryParse(body.Trim()) is { } key) return key;
        try { return NoteKey.TryParse(System.Text.Json.Nodes.JsonNode.Parse(body)?["key"]?.GetValue<string>()); }
        catch (Exception e) when (e is System.Text.Json.JsonException or InvalidOperationException) { return null; }
    }

    // An origin may hold any character, a file's name may not.
    private static string NameOf(string origin) => HexText.Sha256(System.Text.Encoding.UTF8.GetBytes(origin));

    [LoggerMessage(LogLevel.Critical, "The log {Origin} has signed two checkpoints of one size: its history is forked. Both are kept in the folder of evidence.")]
    private static partial void LogFork(ILogger logger, string origin);

    [LoggerMessage(LogLevel.Error, "The log {Origin} signed a checkpoint that its proof does not join to the last one. Both are kept in the folder of evidence.")]
    private static partial void LogUnproven(ILogger logger, string origin);

    [LoggerMessage(LogLevel.Information, "The key of {Origin} is from now on {Key}.")]
    private static partial void LogPinned(ILogger logger, string origin, string key);

    [LoggerMessage(LogLevel.Warning, "No key at {Url}: {Reason}")]
    private static partial void LogUnreachable(ILogger logger, Uri url, string reason);
}
