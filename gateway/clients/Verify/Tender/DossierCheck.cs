using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Tendering.Protocols;
using Tendering.Verify.Log;

namespace Tendering.Verify.Tender;

/// <param name="Policy">Whose signatures count; null: nobody has said.</param>
/// <param name="Documents">A folder with what events only name by hash; null: none.</param>
/// <param name="LogPlace">The log, to look there for events that the dossier leaves out; null: none.</param>
public sealed record DossierOptions(LogPolicy? Policy, X509Certificate2Collection? TimestampRoots, X509Certificate2Collection? BidRoots, string? ReceiptKey, string? VrfKey, string? CoefficientKey, string? Documents, string? LogPlace, bool ShowProgress);

/// <summary><c>verify tender DOSSIER</c>: everything about one tender, offline.</summary>
public sealed class DossierCheck(DossierOptions options, Report report) : IDisposable
{
    private const string Format = "tendering-dossier/1", Published = "platform.document-published";
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<ShownEvent> _events = [];
    private readonly Dictionary<Guid, string> _faces = [];
    private readonly Documents _documents = new(options.Documents, report);
    private DossierHeader? _header;
    private Checkpoint? _checkpoint;
    private long _lastIndex;
    private int _eventLines, _timestampLines;
    private bool _signed;

    public static async Task<Report> RunAsync(Arguments arguments, CancellationToken ct)
    {
        var file = arguments.Words(1, 1)[0];
        var options = new DossierOptions(arguments.Policy(), arguments.Certificates("--timestamp-roots"), arguments.Certificates("--bid-roots"), arguments.Value("--receipt-key"), arguments.Value("--vrf-key"), arguments.Value("--coefficient-key"), arguments.Value("--documents"), arguments.Value("--log"), arguments.ShowProgress);
        arguments.RefuseOthers();
        if (!File.Exists(file)) throw new UsageException($"There is no file '{file}'.");
        var report = new Report($"tender {file}");
        using var check = new DossierCheck(options, report);
        await check.RunAsync(file, ct);
        return report;
    }

    public void Dispose()
    {
        _documents.Dispose();
        _hash.Dispose();
    }

    public async Task RunAsync(string file, CancellationToken ct)
    {
        using (var progress = new Progress(options.ShowProgress, "bytes"))
        await using (var stream = File.OpenRead(file))
        {
            await foreach (var line in Lines.ReadAsync(stream, ct))
            {
                if (_signed)
                {
                    report.Bad("dossier.form", "There is something behind the signature.");
                    return;
                }
                if (!Take(line)) return;
                progress.At(stream.Position, stream.Length);
            }
        }
        if (!report.Require(_signed, "dossier.cut-off", "The dossier has no signature at its end: it was cut off.")) return;
        if (!report.Has(Mark.Bad)) report.Good("dossier.events", $"{_eventLines} events hang together with the checkpoint, each with its actor, address and payload.");
        CheckDisclosures();
        await CheckCompleteAsync(ct);
        await new TenderFacts(_events, _documents, options, report).CheckAsync();
    }

    // False: what follows makes no sense any more.
    private bool Take(ReadOnlyMemory<byte> line)
    {
        try
        {
            if (line.IsEmpty || line.Span[^1] != '\n') return report.Require(false, "dossier.cut-off", "The last line is not whole: the dossier was cut off.");
            var json = line[..^1];
            var kind = JsonDocument.Parse(json).RootElement.GetProperty("kind").GetString();
            if (kind != "signature") _hash.AppendData(line.Span);
            if ((_header is null) != (kind == "header")) return report.Require(false, "dossier.form", "The first line is not the header, or there is another.");
            return kind switch
            {
                "header" => TakeHeader(CanonicalJson.Deserialize<DossierHeader>(json.Span)),
                "event" when _timestampLines == 0 => TakeEvent(CanonicalJson.Deserialize<DossierEvent>(json.Span)),
                "timestamp" => TakeTimestamp(CanonicalJson.Deserialize<DossierTimestamp>(json.Span)),
                "signature" => TakeSignature(CanonicalJson.Deserialize<DossierSignature>(json.Span)),
                _ => report.Require(false, "dossier.form", $"A line of kind '{kind}' is not known, or not in its place."),
            };
        }
        catch (Exception e) when (Hostile.IsOf(e))
        {
            return report.Require(false, "dossier.form", $"A line is not what it should be: {e.Message}");
        }
    }

    private bool TakeHeader(DossierHeader header)
    {
        if (header.Format != Format)
        {
            report.Unchecked("dossier.format", $"The format {header.Format} is not known here.");
            return false;
        }
        var note = SignedNote.Parse(header.Checkpoint);
        (_header, _checkpoint) = (header, Checkpoint.Parse(note.Text));
        report.Note("dossier", $"Tender {header.Tender}, made {header.Made}, under the checkpoint of {_checkpoint.Size} entries of {_checkpoint.Origin}.");
        Signatures.CheckCheckpoint(report, note, options.Policy);
        return true;
    }

    private bool TakeEvent(DossierEvent e)
    {
        _eventLines++;
        var place = $"Event line {_eventLines}";
        var face = JsonDocument.Parse(e.Face).RootElement;
        var canonical = Encoding.UTF8.GetBytes(e.Face);
        report.Require(CanonicalJson.Canonicalize(canonical).AsSpan().SequenceEqual(canonical) && face.GetProperty("kind").GetString() == "event", "dossier.face", $"{place}: the face is not canonical.");
        report.Require(e.Hidden.Index > _lastIndex && e.Hidden.Index <= _header!.Through, "dossier.order", $"{place} is not in the order of the record.");
        _lastIndex = e.Hidden.Index;

        var salt = HexText.TryDecode(e.HiddenSalt, 32) ?? [];
        report.Require(HexText.Encode(SHA256.HashData([.. salt, .. CanonicalJson.Serialize(e.Hidden)])) == face.GetProperty("hidden").GetString(), "dossier.hidden", $"{place}: actor, address or numbers are not those that the log's entry binds.");
        var entry = e.Secret is { } secret ? new SecretOpening(e.Face, e.Leaf, secret.Path, secret.Position, secret.Salt).Entry() : canonical;
        var proof = e.Proof.Select(hash => HexText.TryDecode(hash, MerkleTree.HashLength)).ToArray();
        report.Require(entry is not null && proof.All(hash => hash is not null) && MerkleTree.VerifyInclusion(e.Leaf, _checkpoint!.Size, MerkleTree.LeafHash(entry), proof!, _checkpoint.Root), "dossier.inclusion", $"{place} is not in the log of the checkpoint.");

        var id = face.GetProperty("id").GetGuid();
        var type = face.GetProperty("type").GetString()!;
        report.Require(_faces.TryAdd(id, e.Face), "dossier.repeated", $"{place} stands in the dossier before: {id}.");
        var ofTender = face.GetProperty("tender") is { ValueKind: JsonValueKind.String } tender && tender.GetGuid() == _header!.Tender;
        report.Require(ofTender || type.StartsWith("identity.", StringComparison.Ordinal) || type is LoggedKeys.Receipts or LoggedKeys.Coefficients or LoggedKeys.Draws, "dossier.tender", $"{place} is of another tender.");
        if (PayloadOf(face, e.Payload, place) is not { } payload) return true;
        if (type == Published) _documents.Take(face.GetProperty("source").GetString()!, payload);
        else _events.Add(new ShownEvent(id, type, payload, e.Hidden.Index, e.Hidden.Organisation));
        return true;
    }

    private JsonElement? PayloadOf(JsonElement face, string? text, string place)
    {
        if (face.TryGetProperty("payloadHash", out var hash))
        {
            if (!report.Require(text is not null && HexText.Sha256(Encoding.UTF8.GetBytes(text)) == hash.GetString(), "dossier.payload", $"{place}: the payload is not the one whose hash the log has.")) return null;
            return JsonDocument.Parse(text!).RootElement;
        }
        report.Require(text is null, "dossier.payload", $"{place} has a payload beside the one in its face.");
        // Where it could not be written canonically without loss it stands there as text.
        var payload = face.GetProperty("payload");
        return payload.ValueKind == JsonValueKind.String ? JsonDocument.Parse(payload.GetString()!).RootElement : payload;
    }

    private bool TakeTimestamp(DossierTimestamp stamp)
    {
        _timestampLines++;
        var name = $"{_timestampLines}";
        var stamped = Checkpoint.Parse(SignedNote.Parse(stamp.Checkpoint).Text);
        Timestamps.Check(report, name, stamped, Convert.FromBase64String(stamp.Token), options.TimestampRoots);
        var proof = stamp.Consistency.Select(hash => HexText.TryDecode(hash, MerkleTree.HashLength)).ToArray();
        var (small, large) = stamped.Size <= _checkpoint!.Size ? (stamped, _checkpoint) : (_checkpoint, stamped);
        report.Require(stamped.Origin == _checkpoint.Origin && proof.All(hash => hash is not null) && MerkleTree.VerifyGrowth(small.Size, large.Size, small.Root, large.Root, proof!), "timestamp.consistency",
            $"The log that was time-stamped and the one of this dossier are one.", $"The checkpoint that was time-stamped ({name}) is not of the same history.");
        return true;
    }

    private bool TakeSignature(DossierSignature line)
    {
        _signed = true;
        var note = SignedNote.Parse(line.Note);
        report.Require(note.Text == $"{Format}\n{_header!.Tender}\n{Convert.ToBase64String(_hash.GetHashAndReset())}\n", "dossier.changed", "The file is as it was signed.", "The file was changed after it was signed.");
        report.Require(_eventLines == _header.Events && _timestampLines == _header.Timestamps, "dossier.count", "The header counts other lines than there are.");
        if (options.Policy is { Logs.Count: > 0 } policy)
            report.Require(policy.Logs.Any(log => note.Check(log).IsBy(log)), "dossier.signature", "The file is signed by the log.", "The file is not signed by a log of the policy.");
        return true;
    }

    private async Task CheckCompleteAsync(CancellationToken ct)
    {
        if (options.LogPlace is null)
        {
            report.Note("dossier.missing", "That no event of the tender was left out is what the log's signature on the file says; with the log itself (--log) its public events are compared.");
            return;
        }
        using var source = LogSource.Open(options.LogPlace);
        try { await CompletenessCheck.RunAsync(report, source, _checkpoint!, _header!.Tender, _faces, options.ShowProgress, ct); }
        catch (UnreachableException e) { report.Unchecked("unreachable", e.Message); }
        catch (LogFormatException e) { report.Bad(e.Code, e.Message); }
    }

    // What was said when a secret became public must be what it was when it was secret.
    private void CheckDisclosures()
    {
        var disclosed = 0;
        foreach (var e in _events.Where(e => e.Type == "supervision.secret-disclosed"))
        {
            if (e.Payload.ValueKind != JsonValueKind.Object || !e.Payload.TryGetProperty("eventId", out var of) || !of.TryGetGuid(out var id) || !e.Payload.TryGetProperty("face", out var shown) || shown.ValueKind != JsonValueKind.String)
            {
                report.Bad("dossier.disclosure", $"The disclosure {e.Id} does not say of what.");
                continue;
            }
            if (report.Require(_faces.TryGetValue(id, out var was), "dossier.missing", $"Event {id} was disclosed and is not in the dossier."))
                disclosed += report.Require(shown.GetString() == was, "dossier.disclosure", $"What was disclosed of event {id} is not what it was.") ? 1 : 0;
        }
        if (disclosed > 0) report.Good("dossier.disclosure", $"{disclosed} events that were secret were disclosed as they were.");
    }
}
