using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tendering.Protocols;

namespace Tendering.Verify.Tender;

/// <summary>A certificate as the log has it for an organisation, until it was revoked.</summary>
public sealed record LoggedCertificate(Guid Organisation, string Thumbprint, string Serial, X509Certificate2Collection Issuers, DateTimeOffset? RevokedAt);

/// <summary>What a dossier's events say of keys: organisations' certificates, and the platform's own keys with their place in the record.</summary>
public sealed class LoggedKeys : IDisposable
{
    public const string Receipts = "bidding.receipt-key-published", Coefficients = "bid-opening.coefficient-key-published", Draws = "expert-selection.vrf-key-published";
    private const string Issued = "identity.certificate-issued", Revoked = "identity.certificate-revoked";
    private readonly ILookup<Guid, LoggedCertificate> _certificates;
    private readonly List<(string Type, string Key, long Index)> _published = [];

    public LoggedKeys(IReadOnlyList<ShownEvent> events, Report report)
    {
        var (certificates, revoked) = (new List<LoggedCertificate>(), new List<(Guid Organisation, string Serial, DateTimeOffset At)>());
        foreach (var e in events.Where(e => e.Type is Coefficients or Draws or Receipts or Revoked or Issued))
            Hostile.Guard(report, "tender.key", $"What the event {e.Id} ({e.Type}) says of a key", () =>
            {
                if (e.Type is Coefficients or Draws) _published.Add((e.Type, e.Payload.GetProperty("publicKey").GetString()!, e.Index));
                else if (e.Type == Receipts) TakeReceiptKey(e, report);
                else if (e.Type == Revoked) revoked.Add((Organisation(e), Serial(e), e.Payload.GetProperty("revokedAt").GetDateTimeOffset()));
                else certificates.Add(Read(e));
            });
        _certificates = certificates.ToLookup(c => c.Organisation, c => c with { RevokedAt = revoked.Where(r => (r.Organisation, r.Serial) == (c.Organisation, c.Serial)).Select(r => (DateTimeOffset?)r.At).Min() });
    }

    /// <summary>The key that checks receipts, as the log has it; null where it has none.</summary>
    public ECDsa? ReceiptKey { get; private set; }

    /// <summary>The same key as <see cref="PlaceOf"/> knows it.</summary>
    public string? ReceiptKeyText { get; private set; }

    public IEnumerable<LoggedCertificate> Of(Guid organisation) => _certificates[organisation];

    /// <summary>The index in the record at which a key was published; null: it was not.</summary>
    public long? PlaceOf(string type, string publicKey) => _published.Where(p => (p.Type, p.Key) == (type, publicKey)).Select(p => (long?)p.Index).FirstOrDefault();

    public void Dispose() => ReceiptKey?.Dispose();

    // The platform publishes one for ever: with a second it could sign receipts of bids that nobody submitted.
    private void TakeReceiptKey(ShownEvent e, Report report)
    {
        var key = Signatures.FromJwk(e.Payload);
        var text = HexText.Encode(key.ExportSubjectPublicKeyInfo());
        _published.Add((Receipts, text, e.Index));
        if (ReceiptKey is null) (ReceiptKey, ReceiptKeyText) = (key, text);
        else
        {
            key.Dispose();
            report.Require(text == ReceiptKeyText, "tender.receipt-key", "The log has more than one key of receipts; the first is the one that is used.");
        }
    }

    private static LoggedCertificate Read(ShownEvent e)
    {
        using var own = X509Certificate2.CreateFromPem(e.Payload.GetProperty("certificatePem").GetString());
        var issuers = new X509Certificate2Collection();
        issuers.ImportFromPem(e.Payload.GetProperty("issuerPem").GetString());
        return new LoggedCertificate(Organisation(e), HexText.Sha256(own.RawData), RevocationList.Normal(own.SerialNumber), issuers, null);
    }

    private static Guid Organisation(ShownEvent e) => e.Payload.GetProperty("organisationId").GetGuid();
    private static string Serial(ShownEvent e) => RevocationList.Normal(e.Payload.GetProperty("serialNumber").GetString()!);
}
