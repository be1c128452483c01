using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Npgsql;
using Tendering.Protocols;
using Tendering.Replay.Client;

namespace Tendering.Scenarios;

/// <summary>
/// Before the opening: whatever can be read as agency, operator, supervisor, public or owner of every database, log and folder, no bid's content is in it;
/// and for agency, operator and public nothing changes when bids arrive, so neither names nor numbers can be told.
/// </summary>
[Collection(nameof(LocalSystem))]
public partial class SecrecyTests(LocalSystem system)
{
    private const long Price = 8_765_432_109;
    private static readonly TimeSpan StreamMax = TimeSpan.FromSeconds(1);
    private const string Marker = "Technical proposal of";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Before_the_opening_nobody_can_read_a_bid_and_the_buying_side_cannot_tell_that_there_is_one()
    {
        using var market = await system.EnterMarketAsync();
        var rules = RuleSet.Get("cn-tendering");
        var run = Guid.NewGuid().ToString("N")[..6];
        var deadline = (await market.ClockAsync(Ct)).Now + TimeSpan.FromDays(22);
        var tender = await Publishing.PublishAsync(market, rules, $"Secret {run}", "documents", deadline, [new("works", 10_000_000_000, null, 100_000_00)], Ct);
        var lot = tender.Lots.Single().LotId;
        var bidders = new List<Bidder>();
        for (var i = 0; i < 4; i++) bidders.Add(await Bidder.EnterAsync(market, $"Unspoken {run} {i}", run, "CNY", 1_000_000_000, Ct));

        var lookers = new Dictionary<string, Session> { ["public"] = market.Public, ["agency"] = market.Agency, ["tenderer"] = market.Tenderer, ["operator"] = market.Operator };
        var before = await ReadAllAsync(lookers, tender.TenderId, lot);
        var logBefore = await LogSizeAsync();
        var bids = new List<Guid>();
        foreach (var bidder in bidders)
        {
            await bidder.RegisterAsync(lot, Ct);
            await bidder.PayDepositAsync(market, lot, null, Ct);
            bids.Add((await bidder.SubmitAsync(market, tender, lot, 1, Price + bids.Count, "CNY", Ct)).BidId);
            await bidder.DepositAsync(lot, "secured", Ct);
        }
        await bidders[3].Session.PostAsync($"api/bidding/lots/{lot}/bids/withdrawal", new { }, Ct);
        await market.Supervisor.UntilAsync<TimelineItem[]>($"api/supervision/tenders/{tender.TenderId}/timeline", t => t.Any(e => e.Type == "bidding.bid-withdrawn"), "supervision", Ct);

        var after = await ReadAllAsync(lookers, tender.TenderId, lot);
        foreach (var (what, text) in after) Assert.True(before[what] == text, $"{what} changed when bids arrived:\n{before[what]}\n{text}");
        var names = bidders.SelectMany(b => new[] { b.Name, b.Code, b.Id.ToString() }).Concat(bids.Select(b => b.ToString())).ToArray();
        AssertSilent(after.Where(a => !a.Key.Contains("organisations", StringComparison.Ordinal)), names);
        AssertSilent(after, Contents());
        await AssertLogIsSilentAsync(logBefore, tender.TenderId, [.. names, lot.ToString()]);

        var supervisor = await ReadAllAsync(new() { ["supervisor"] = market.Supervisor, ["centre"] = market.Centre, ["finance"] = market.Finance }, tender.TenderId, lot);
        Assert.Contains(supervisor, a => a.Key.Contains("timeline", StringComparison.Ordinal) && a.Value.Contains("bidding.bid-submitted", StringComparison.Ordinal));
        AssertSilent(supervisor, Contents());

        AssertSilent(await DumpDatabasesAsync(), Contents());
        AssertSilent(Files(Path.Combine(LocalSystem.RunFolder, "storage")), Contents());
        AssertSilent(Files(Path.Combine(LocalSystem.RunFolder, "log")), [.. Contents(), .. names, lot.ToString()]);
        foreach (var bidder in bidders) bidder.Dispose();
    }

    // The same path for everyone: every GET route of the API documents, with this tender and lot where it takes one.
    private async Task<Dictionary<string, string>> ReadAllAsync(Dictionary<string, Session> lookers, Guid tender, Guid lot)
    {
        var read = new Dictionary<string, string>();
        foreach (var path in await PathsAsync(tender, lot))
            foreach (var (who, session) in lookers)
                read[$"{path} as {who}"] = Volatile(await Answer(session, path));
        return read;
    }

    private async Task<List<string>> PathsAsync(Guid tender, Guid lot)
    {
        using var http = new HttpClient { BaseAddress = system.Gateway };
        var paths = new List<string> { "", "api/tenders/notices?limit=100" };
        foreach (var service in AllInOne.Everything.Names)
        {
            using var document = JsonDocument.Parse(await http.GetStringAsync($"openapi/{service}.json"));
            paths.AddRange(from path in document.RootElement.GetProperty("paths").EnumerateObject()
                           where path.Value.TryGetProperty("get", out _)
                           select Parameter().Replace(path.Name.TrimStart('/'), m => m.Value.Contains("tender", StringComparison.OrdinalIgnoreCase) ? tender.ToString() : lot.ToString()));
        }
        Assert.True(paths.Count > 30, "the API documents name too few routes");
        return paths;
    }

    // A stream of events has no end: what it tells of the past comes at once, and a moment of the present is read with it.
    private static async Task<string> Answer(Session session, string path)
    {
        HttpResponseMessage answer;
        try { answer = await session.SendOnceAsync(new HttpRequestMessage(HttpMethod.Get, path), TimeSpan.FromSeconds(20), Ct, HttpCompletionOption.ResponseHeadersRead); }
        catch (RefusedException e) { return $"{(int)e.Status} {e.Code} {e.Title}"; }
        using (answer)
        {
            await using var stream = await answer.Content.ReadAsStreamAsync(Ct);
            using var moment = CancellationTokenSource.CreateLinkedTokenSource(Ct);
            if (answer.Content.Headers.ContentType?.MediaType == "text/event-stream") moment.CancelAfter(StreamMax);
            var (text, buffer) = (new MemoryStream(), new byte[64 * 1024]);
            try { for (int read; (read = await stream.ReadAsync(buffer, moment.Token)) > 0;) text.Write(buffer, 0, read); }
            catch (OperationCanceledException) when (!Ct.IsCancellationRequested) { }
            return Encoding.UTF8.GetString(text.ToArray());
        }
    }

    private async Task<long> LogSizeAsync()
    {
        using var http = new HttpClient { BaseAddress = system.Gateway };
        return Checkpoint.Parse(SignedNote.Parse(await http.GetStringAsync("log/checkpoint", Ct)).Text).Size;
    }

    // What bids left in the public log is what every turn leaves there: one entry, always as long, over nobody knows how many.
    // Other tenders of this system may close and refund meanwhile: their events stand there by right, and what names no tender tells of no bid.
    private async Task AssertLogIsSilentAsync(long before, Guid tender, string[] words)
    {
        using var http = new HttpClient { BaseAddress = system.Gateway };
        var size = await LogSizeAsync();
        var entries = new List<string>();
        foreach (var tile in TileId.Between(before, size, entries: true))
        {
            var bundle = EntryBundle.Decode(await http.GetByteArrayAsync("log/" + tile.Path, Ct), tile.Width);
            entries.AddRange(bundle.Select((e, i) => (Leaf: (tile.Index * TileId.WidthMax) + i, Text: Encoding.UTF8.GetString(e.Span))).Where(e => e.Leaf >= before).Select(e => e.Text));
        }
        Assert.True(entries.Count == size - before && entries.Count > 0);
        Assert.All(entries, e => Assert.DoesNotContain(words, w => e.Contains(w, StringComparison.OrdinalIgnoreCase)));
        Assert.All(entries.Where(e => e.Contains("\"kind\":\"secrets\"", StringComparison.Ordinal)), e => Assert.Equal("""{"kind":"secrets","root":""}""".Length + 64, e.Length));
        foreach (var entry in entries)
        {
            using var face = JsonDocument.Parse(entry);
            if (!face.RootElement.TryGetProperty("type", out var name) || name.GetString() is not { } type || !(type.StartsWith("bidding.", StringComparison.Ordinal) || type.StartsWith("escrow.", StringComparison.Ordinal))) continue;
            var of = face.RootElement.GetProperty("tender").GetString();
            Assert.True(of is null ? type is "escrow.day-closed" or "bidding.receipt-key-published" : of != tender.ToString(), $"the log tells of bids: {entry}");
        }
    }

    // What says only what time it is, or a trace.
    private static string Volatile(string text) => Moments().Replace(text, "TIME");

    private static string[] Contents() => [.. Enumerable.Range(0, 4).Select(i => (Price + i).ToString(System.Globalization.CultureInfo.InvariantCulture)), Convert.ToHexStringLower(Encoding.UTF8.GetBytes((Price + 0).ToString(System.Globalization.CultureInfo.InvariantCulture))), Marker, Convert.ToBase64String(Encoding.UTF8.GetBytes(Marker))[..20]];

    private static void AssertSilent(IEnumerable<KeyValuePair<string, string>> texts, string[] words)
    {
        foreach (var (where, text) in texts)
            foreach (var word in words) Assert.False(text.Contains(word, StringComparison.OrdinalIgnoreCase), $"'{word}' can be read in {where}");
    }

    private async Task<Dictionary<string, string>> DumpDatabasesAsync()
    {
        var dumps = new Dictionary<string, string>();
        foreach (var service in AllInOne.Everything.Names)
        {
            var connection = new NpgsqlConnectionStringBuilder(system["TENDERING_POSTGRES"]) { Database = "tendering_" + service.Replace("-", "", StringComparison.Ordinal) };
            await using var database = NpgsqlDataSource.Create(connection.ConnectionString);
            await using var tables = database.CreateCommand("select quote_ident(table_schema) || '.' || quote_ident(table_name) from information_schema.tables where table_schema = 'public'");
            var names = new List<string>();
            await using (var reader = await tables.ExecuteReaderAsync(Ct)) while (await reader.ReadAsync(Ct)) names.Add(reader.GetString(0));
            Assert.NotEmpty(names);
            foreach (var table in names)
            {
                await using var rows = database.CreateCommand($"select coalesce(string_agg(t::text, E'\\n'), '') from {table} t");
                dumps[$"{service}: {table}"] = (string)(await rows.ExecuteScalarAsync(Ct))!;
            }
        }
        return dumps;
    }

    private static Dictionary<string, string> Files(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).ToDictionary(f => f, f => { using var stream = new FileStream(f, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete); using var reader = new StreamReader(stream, Encoding.Latin1); return reader.ReadToEnd(); })
        : [];

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+00:00)?")]
    private static partial Regex Moments();
}
