using System.Text;
using System.Text.Json;
using Tendering.Protocols;

namespace Tendering.Verify.Tender;

/// <summary>Notices as they were published: they say what the events say, and name the tender documents.</summary>
public sealed class NoticeCheck(IReadOnlyList<ShownEvent> events, Documents documents, Report report)
{
    public void Check()
    {
        var notices = documents.All(Documents.Notice).Select(notice => JsonDocument.Parse(notice.Bytes).RootElement).ToArray();
        if (notices.Length == 0 && events.Any(e => e.Type == "tenders.tender-published")) report.Unchecked("tender.documents", "No notices are in the dossier.");
        foreach (var notice in notices.Where(notice => notice.TryGetProperty("documentsHash", out _))) CheckTender(notice);
        Compare(notices, "reportHash", "tenders.candidates-published");
        Compare(notices, "contractHash", "tenders.contract-signed");
    }

    private void CheckTender(JsonElement notice)
    {
        var files = notice.GetProperty("documents");
        var hash = HexText.Sha256(CanonicalJson.Canonicalize(Encoding.UTF8.GetBytes(files.GetRawText())));
        var said = events.LastOrDefault(e => e.Type == "tenders.tender-published")?.Payload.GetProperty("documentsHash").GetString();
        report.Require(hash == notice.GetProperty("documentsHash").GetString() && hash == said, "tender.notice", "The notice names the tender documents whose hash was published.", "The tender documents that the notice names are not those whose hash was published.");
        foreach (var file in files.EnumerateArray()) CheckFile(file.GetProperty("name").GetString()!, file.GetProperty("sha256").GetString());
    }

    // The platform does not keep them; who does can compare.
    private void CheckFile(string name, string? sha256)
    {
        if (documents.InFolder(Path.GetFileName(name)) is { } bytes) report.Require(HexText.Sha256(bytes) == sha256, "tender.document", $"{name} is the tender document that the notice names.", $"{name} is not the tender document that the notice names.");
        else report.Note("tender.document", $"The tender document {name} was not given; the notice says that its SHA-256 is {sha256}.");
    }

    private void Compare(JsonElement[] notices, string member, string type)
    {
        string?[] noticed = [.. notices.Where(notice => notice.TryGetProperty(member, out _)).Select(notice => notice.GetProperty(member).GetString()).Order(StringComparer.Ordinal)];
        string?[] told = [.. events.Where(e => e.Type == type).Select(e => e.Payload.GetProperty(member).GetString()).Order(StringComparer.Ordinal)];
        if (notices.Length > 0 && noticed.Length + told.Length > 0) report.Require(noticed.SequenceEqual(told), "tender.notice", $"Notices and events name the same {member}.", $"Notices and events do not name the same {member}.");
    }
}
