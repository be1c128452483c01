using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Xml.Linq;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Tendering.BankSimulator.Tests;

/// <summary>The system as the bank sees it: a token, a clock, notices taken once, orders listed until they are confirmed. It can be made to fail.</summary>
public sealed class FakeGateway : IAsyncDisposable
{
    public const string Secret = "a secret";
    public static readonly DateTimeOffset Now = new(2026, 3, 2, 1, 0, 0, TimeSpan.Zero);

    private readonly WebApplication _app;
    private int _tokens;

    public string Address => _app.Urls.First();

    /// <summary>Every file that arrived, repeats too, and each only once.</summary>
    public ConcurrentQueue<XElement> Files { get; } = [];

    public IReadOnlyList<XElement> Distinct => [.. Files.DistinctBy(f => f.ToString(SaveOptions.DisableFormatting))];

    /// <summary>Entries of notifications about money that came in, and that went out.</summary>
    public IReadOnlyList<BankLine> Credits => [.. Distinct.Where(f => f.Name.NamespaceName.Contains("camt.054", StringComparison.Ordinal)).SelectMany(BankLine.Of).Where(l => l.IsCredit)];
    public IReadOnlyList<BankLine> Debits => [.. Distinct.Where(f => f.Name.NamespaceName.Contains("camt.054", StringComparison.Ordinal)).SelectMany(BankLine.Of).Where(l => !l.IsCredit)];
    public IReadOnlyList<XElement> Statements => [.. Distinct.Where(f => f.Name.NamespaceName.Contains("camt.053", StringComparison.Ordinal))];

    /// <summary>Files of payment orders that wait for the bank.</summary>
    public ConcurrentDictionary<Guid, (long Sequence, byte[] Content)> Orders { get; } = [];

    /// <summary>The time of the system.</summary>
    public DateTimeOffset Clock { get; set; } = Now;

    /// <summary>Answers files with these first, after having taken them: as if the answer were lost.</summary>
    public ConcurrentQueue<int> Failures { get; } = [];

    public bool IsDown { get; set; }
    public int Tokens => _tokens;
    public (int Status, object Body) NoticeAnswer { get; set; } = (201, new { entries = new[] { new { outcome = "secured" } } });

    private FakeGateway(WebApplication app) => _app = app;

    public static async Task<FakeGateway> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var gateway = new FakeGateway(builder.Build());
        gateway.Map();
        await gateway._app.StartAsync();
        return gateway;
    }

    private void Map()
    {
        _app.Use((http, next) => IsDown ? Results.StatusCode(503).ExecuteAsync(http) : next(http));
        _app.MapPost("/connect/token", async (HttpRequest request) =>
        {
            var form = await request.ReadFormAsync();
            if (form["client_id"] != "bank" || form["client_secret"] != Secret || form["grant_type"] != "client_credentials") return Results.StatusCode(401);
            return Results.Ok(new { access_token = $"token-{Interlocked.Increment(ref _tokens)}", token_type = "Bearer", expires_in = 300 });
        });
        _app.MapGet("/api/identity/clock", () => new { mode = "simulated", now = Clock, rate = 1 });
        _app.MapPost("/api/escrow/bank-files", async (HttpRequest request) =>
        {
            if (!IsSignedIn(request)) return Results.StatusCode(401);
            var file = await XDocument.LoadAsync(request.Body, LoadOptions.None, default);
            Files.Enqueue(file.Root!);
            return Failures.TryDequeue(out var status) ? Results.StatusCode(status) : Results.Json(NoticeAnswer.Body, statusCode: NoticeAnswer.Status);
        });
        _app.MapGet("/api/escrow/payment-files", (HttpRequest request, long after) =>
            IsSignedIn(request) ? Results.Ok(Orders.Where(o => o.Value.Sequence > after).OrderBy(o => o.Value.Sequence).Take(2).Select(o => new { id = o.Key, sequence = o.Value.Sequence })) : Results.StatusCode(401));
        _app.MapGet("/api/escrow/payment-files/{id:guid}", (Guid id, HttpRequest request) => IsSignedIn(request) ? Results.Bytes(Orders[id].Content, "application/xml") : Results.StatusCode(401));
    }

    /// <summary>A file of orders as escrow makes it: id, amount in minor units, account.</summary>
    public void Order(long sequence, params (string Id, long Amount, string Account)[] orders)
    {
        XNamespace ns = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09";
        XElement E(string name, params object[] content) => new(ns + name, content);
        var file = E("Document", E("CstmrCdtTrfInitn", E("PmtInf", [.. orders.Select(o => E("CdtTrfTxInf", E("PmtId", E("EndToEndId", o.Id)),
            E("Amt", E("InstdAmt", new XAttribute("Ccy", "CNY"), (o.Amount / 100m).ToString("F2", System.Globalization.CultureInfo.InvariantCulture))), E("Cdtr", E("Nm", "Builders")),
            E("CdtrAcct", E("Id", E("Othr", E("Id", o.Account)))), E("RmtInf", E("Ustrd", "refund"))))])));
        Orders[Guid.CreateVersion7()] = (sequence, System.Text.Encoding.UTF8.GetBytes(file.ToString()));
    }

    private bool IsSignedIn(HttpRequest request) => request.Headers.Authorization == $"Bearer token-{_tokens}";

    public void Revoke() => Interlocked.Increment(ref _tokens);

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}

/// <summary>An entry of a file of the bank.</summary>
public sealed record BankLine(string Reference, bool IsCredit, bool IsReversal, decimal Amount, string Currency, string EndToEndId, string CounterpartyAccount, string CounterpartyName, string? VirtualAccount, DateTimeOffset BookedAt)
{
    public static IEnumerable<BankLine> Of(XElement document)
    {
        var ns = document.Name.Namespace;
        return document.Descendants(ns + "Ntry").Select(n =>
        {
            var isCredit = n.Element(ns + "CdtDbtInd")!.Value == "CRDT";
            var (parties, other) = (n.Descendants(ns + "RltdPties").SingleOrDefault(), isCredit ? "Dbtr" : "Cdtr");
            return new BankLine(n.Element(ns + "AcctSvcrRef")!.Value, isCredit, n.Element(ns + "RvslInd")?.Value == "true", decimal.Parse(n.Element(ns + "Amt")!.Value, System.Globalization.CultureInfo.InvariantCulture),
                n.Element(ns + "Amt")!.Attribute("Ccy")!.Value, n.Descendants(ns + "EndToEndId").SingleOrDefault()?.Value ?? "", parties?.Element(ns + (other + "Acct"))!.Value ?? "", parties?.Element(ns + other)!.Value ?? "",
                isCredit ? parties?.Element(ns + "CdtrAcct")?.Value : null, DateTimeOffset.Parse(n.Element(ns + "BookgDt")!.Value, System.Globalization.CultureInfo.InvariantCulture));
        });
    }
}
