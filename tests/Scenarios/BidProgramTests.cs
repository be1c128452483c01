using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tendering.Protocols;
using Tendering.Replay.Client;

namespace Tendering.Scenarios;

/// <summary>The program that bidders and custodians run, against a running system, over a good and a bad line, killed and begun again.</summary>
[Collection(nameof(LocalSystem))]
public sealed class BidProgramTests(LocalSystem system) : IDisposable
{
    private const string Passphrase = "a passphrase of the tests", Password = "Bidder-device-2026!", Development = "Tendering-dev-2026!";

    private const int LargeFile = 20_000_000, ChunkMax = 8 * 1024 * 1024;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tendering-bid");
    private readonly StringBuilder _everything = new();
    private string _account = "";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private sealed record Ended(int Code, JsonElement Result);

    [Fact]
    public async Task A_bid_goes_from_key_to_opening_by_the_program_alone()
    {
        using var market = await system.EnterMarketAsync();
        var (tender, deadline) = await PublishAsync(market);
        var lot = tender.Lots.Single().LotId;
        var (organisation, user) = await EnrolAsync(market);
        await DoneAsync(["notice", "--tender", tender.TenderId.ToString(), "--out", At("notice.json")], null);
        await DoneAsync(["register", "--lot", lot.ToString()], user);
        await PayAsync(market, lot, user);
        await OthersBidAsync(market, tender, lot);

        await WriteFileAsync(LargeFile);
        await SealAsync(tender, lot, organisation, 1, 28_000_000_00);
        var opened = (await DoneAsync(["open", "--package", At("bid-1"), "--recovery-key", At("recovery.json"), "--out", At("seen")], null)).Result;
        Assert.Equal(28_000_000_00, opened.GetProperty("price").GetInt64());
        Assert.Equal(await File.ReadAllBytesAsync(At("files/技术方案.pdf"), Ct), await File.ReadAllBytesAsync(At("seen/技术方案.pdf"), Ct));
        var early = await RunAsync(["submit", "--package", At("bid-1"), "--gateway", "http://127.0.0.1:9", "--patience", "1"], user);
        Assert.Equal((3, "package.not-uploaded"), (early.Code, ErrorCode(early)));
        await UploadKilledAsync(user);
        var submitted = (await DoneAsync(["submit", "--package", At("bid-1")], user)).Result;
        var again = (await DoneAsync(["submit", "--package", At("bid-1")], user)).Result;
        Assert.Equal(submitted.GetProperty("bidId").GetGuid(), again.GetProperty("bidId").GetGuid());
        var proved = (await DoneAsync(["receipt", "--lot", lot.ToString(), "--out", At("receipt.jws"), "--proof", At("bid.tlog-proof")], user)).Result;
        Assert.True(proved.GetProperty("logSize").GetInt64() > 0);
        Assert.Equal(await File.ReadAllTextAsync(At("bid-1/receipt.jws"), Ct), await File.ReadAllTextAsync(At("receipt.jws"), Ct));

        var withdrawn = (await DoneAsync(["withdraw", "--lot", lot.ToString()], user)).Result;
        Assert.Equal(2, withdrawn.GetProperty("nextRevision").GetInt32());
        await WriteFileAsync(2_500_000);
        await SealAsync(tender, lot, organisation, 2, 27_500_000_00);
        await UploadOverABadLineAsync(user);
        var second = (await DoneAsync(["submit", "--package", At("bid-2")], user)).Result.GetProperty("bidId").GetGuid();

        var soon = await RunAsync(["release", "--lot", lot.ToString(), "--key", At("custodian-tenderer.json")], "tenderer");
        Assert.Equal(1, soon.Code);
        await market.ReachAsync(deadline.AddMinutes(1), _ => { }, Ct);
        await LateAsync(tender, lot, organisation, user);
        await OpenAsync(market, lot, user, second);
        foreach (var secret in new[] { Passphrase, Password, Development, "2750000000" }) Assert.DoesNotContain(secret, _everything.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_machine_signs_in_by_client_credentials_and_is_told_what_it_may_not()
    {
        var bank = await RunAsync(["status", "--lot", Guid.NewGuid().ToString(), "--client-id", "bank"], null, secrets: $"BID_CLIENT_SECRET={system["Machines__bank__Secret"]}\n");
        Assert.Equal((1, 403), (bank.Code, bank.Result.GetProperty("error").GetProperty("status").GetInt32()));
        var wrong = await RunAsync(["status", "--lot", Guid.NewGuid().ToString(), "--client-id", "bank"], null, secrets: "BID_CLIENT_SECRET=wrong\n");
        Assert.Equal((1, "invalid_client"), (wrong.Code, ErrorCode(wrong)));
        var nobody = await RunAsync(["notice", "--tender", Guid.NewGuid().ToString(), "--out", At("n"), "--gateway", "http://127.0.0.1:9", "--patience", "1"], null);
        Assert.Equal((4, "unreachable"), (nobody.Code, ErrorCode(nobody)));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<(Tender Tender, DateTimeOffset Deadline)> PublishAsync(Market market)
    {
        var rules = RuleSet.Get("cn-tendering");
        var deadline = (await market.ClockAsync(Ct)).Now + TimeSpan.FromDays(rules.Get(RuleKey.TenderPeriod).Count + 2);
        var drafted = await Publishing.DraftAsync(market, rules, "道路工程 road", "documents", deadline, [new LotTerms("道路 road", 30_000_000_00, null, 300_000_00)], Ct, async tender =>
        {
            foreach (var custodian in new[] { "tenderer", "centre", "supervisor" })
                await DoneAsync(["keys", "custodian", "--tender", tender.ToString(), "--out", At($"custodian-{custodian}.json")], custodian);
        });
        await Publishing.ReviewAsync(market.Industry, drafted, 1, Ct);
        await Publishing.ReviewAsync(market.Office, drafted, 2, Ct);
        return (await Publishing.AnnounceAsync(market, drafted, Ct), deadline);
    }

    private async Task<(Guid Organisation, string User)> EnrolAsync(Market market)
    {
        var run = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
        var (account, user) = ("6222" + string.Concat(RandomNumberGenerator.GetBytes(6).Select(b => (b % 100).ToString("00", CultureInfo.InvariantCulture))), $"cli-{run}");
        await market.Bank.OpenAccountAsync(account, "Program Works", "CNY", 1_000_000_00, Ct);
        await File.WriteAllTextAsync(At("details.json"), JsonSerializer.Serialize(new
        {
            socialCreditCode = Market.CodeFor(run), name = $"Program Works {run}", basicAccount = new { number = account, name = "Program Works" }, userName = user, displayName = "Bidding office",
        }), Ct);
        await DoneAsync(["keys", "signing", "--out", At("signing.json"), "--request", At("request.pem")], null);
        await DoneAsync(["keys", "recovery", "--out", At("recovery.json")], null);
        var enrolled = (await DoneAsync(["enrol", "--details", At("details.json"), "--request", At("request.pem"), "--out", At("certificate.pem")], user)).Result;
        _account = account;
        return (enrolled.GetProperty("organisationId").GetGuid(), user);
    }

    private async Task PayAsync(Market market, Guid lot, string user)
    {
        using var session = await Session.SignInAsync(system.Gateway, user, Password, Ct);
        var sub = await session.UntilAsync<SubAccount>($"api/escrow/lots/{lot}/sub-account", _ => true, "a sub-account", Ct);
        await market.Bank.PayAsync(_account, sub.AccountNumber, sub.Amount, sub.Currency, Ct);
        await session.UntilAsync<BidderLot>($"api/bidding/lots/{lot}", l => l.Deposit == "secured", "a deposit", Ct);
    }

    private static async Task OthersBidAsync(Market market, Tender tender, Guid lot)
    {
        var run = Guid.NewGuid().ToString("N")[..8];
        foreach (var (name, price) in new[] { ("Second Works", 29_000_000_00L), ("Third Works", 29_500_000_00L) })
        {
            using var bidder = await Replay.Client.Bidder.EnterAsync(market, name, run, "CNY", 1_000_000_00, Ct);
            await bidder.RegisterAsync(lot, Ct);
            await bidder.PayDepositAsync(market, lot, null, Ct);
            await bidder.SubmitAsync(market, tender, lot, 1, price, "CNY", Ct);
        }
    }

    private async Task WriteFileAsync(int length)
    {
        Directory.CreateDirectory(At("files"));
        await File.WriteAllBytesAsync(At("files/技术方案.pdf"), RandomNumberGenerator.GetBytes(length), Ct);
    }

    private async Task SealAsync(Tender tender, Guid lot, Guid organisation, int revision, long price)
    {
        await File.WriteAllTextAsync(At($"price-{revision}.json"), $$"""{"price":{{price}},"currency":"CNY","deliveryDays":180}""", Ct);
        var sealedBid = (await DoneAsync(
            ["seal", "--notice", At("notice.json"), "--lot", lot.ToString(), "--bidder", organisation.ToString(), "--revision", revision.ToString(CultureInfo.InvariantCulture), "--price", At($"price-{revision}.json"),
                "--files", At("files"), "--recovery-key", At("recovery.json"), "--signing-key", At("signing.json"), "--certificate", At("certificate.pem"), "--out", At($"bid-{revision}")], null)).Result;
        Assert.Equal(tender.TenderId, sealedBid.GetProperty("tender").GetGuid());
    }

    // Killed in the middle of its second chunk and begun again: what had come is not sent twice.
    private async Task UploadKilledAsync(string user)
    {
        Uri first;
        await using (var line = new CutLine(system.Gateway) { HoldAfter = 12_000_000 })
        {
            first = line.Address;
            using var program = Start(["upload", "--package", At("bid-1"), "--gateway", first.ToString()], user, null);
            await line.HeldAsync(Ct);
            program.Kill();
            await program.WaitForExitAsync(Ct);
        }
        await using var second = new CutLine(system.Gateway);
        await MoveUploadsAsync("bid-1", first, second.Address);
        var resumed = (await DoneAsync(["upload", "--package", At("bid-1"), "--gateway", second.Address.ToString()], user)).Result;
        Assert.True(resumed.GetProperty("resumed").GetBoolean());
        // The rest, and small tries while the platform still waits for the first line.
        Assert.InRange(second.Sent, LargeFile - ChunkMax, LargeFile - ChunkMax + 3_000_000);
        await MoveUploadsAsync("bid-1", second.Address, system.Gateway);
    }

    // Over a line that breaks each connection, until chunks are small enough to pass.
    private async Task UploadOverABadLineAsync(string user)
    {
        await using var line = new CutLine(system.Gateway) { CutEach = 900_000 };
        await DoneAsync(["upload", "--package", At("bid-2"), "--gateway", line.Address.ToString()], user);
        Assert.True(line.Cuts > 1);
        await MoveUploadsAsync("bid-2", line.Address, system.Gateway);
    }

    // A package remembers the address where its uploads are; the line and the gateway are one place.
    private async Task MoveUploadsAsync(string package, Uri from, Uri to)
    {
        var file = At($"{package}/uploads.json");
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file, Ct)).Replace(from.ToString(), to.ToString(), StringComparison.Ordinal), Ct);
    }

    private async Task LateAsync(Tender tender, Guid lot, Guid organisation, string user)
    {
        await SealAsync(tender, lot, organisation, 3, 27_000_000_00);
        var late = await RunAsync(["upload", "--package", At("bid-3")], user);
        var error = late.Result.GetProperty("error");
        Assert.Equal((1, "late-bid", 409), (late.Code, error.GetProperty("code").GetString(), error.GetProperty("status").GetInt32()));
        Assert.NotEmpty(error.GetProperty("rule").GetString()!);
        Assert.NotEmpty(error.GetProperty("article").GetString()!);
    }

    private async Task OpenAsync(Market market, Guid lot, string user, Guid bid)
    {
        await market.Public.UntilAsync<OpeningView>($"api/bid-opening/lots/{lot}", o => o.Stage == "opening", "the opening", Ct);
        var recovered = (await DoneAsync(["recover", "--lot", lot.ToString(), "--recovery-key", At("recovery.json")], user)).Result;
        Assert.Equal((bid, "opened"), (recovered.GetProperty("bidId").GetGuid(), recovered.GetProperty("stage").GetString()));

        var wrong = await RunAsync(["release", "--lot", lot.ToString(), "--key", At("custodian-centre.json")], "tenderer");
        Assert.Equal((3, "opening.other-key"), (wrong.Code, ErrorCode(wrong)));
        foreach (var custodian in new[] { "tenderer", "supervisor" })
        {
            var released = (await DoneAsync(["release", "--lot", lot.ToString(), "--key", At($"custodian-{custodian}.json")], custodian)).Result;
            Assert.Equal((3, 6), (released.GetProperty("bids").GetInt32(), released.GetProperty("good").GetInt32()));
        }
        await market.Public.UntilAsync<OpeningView>($"api/bid-opening/lots/{lot}", o => o.Stage == "completed", "the end of the opening", Ct);
        var record = await market.Public.GetAsync<OpeningRecord>($"api/bid-opening/lots/{lot}/record", Ct);
        Assert.Equal([27_500_000_00, 29_000_000_00, 29_500_000_00], record.Bids.Select(b => b.Price!.Value).Order());
        Assert.Equal(27_500_000_00, record.Bids.Single(b => b.BidId == bid).Price);
    }

    private string At(string name) => Path.Combine(_folder.FullName, name);

    private static string? ErrorCode(Ended ended) => ended.Result.GetProperty("error").GetProperty("code").GetString();

    private async Task<Ended> DoneAsync(string[] arguments, string? user)
    {
        var ended = await RunAsync(arguments, user);
        Assert.True(ended.Code == 0, $"{string.Join(' ', arguments)}: {ended.Code} {ended.Result}");
        return ended;
    }

    private async Task<Ended> RunAsync(string[] arguments, string? user, string? secrets = null)
    {
        using var program = Start(arguments, user, secrets);
        var (output, errors) = (program.StandardOutput.ReadToEndAsync(Ct), program.StandardError.ReadToEndAsync(Ct));
        await program.WaitForExitAsync(Ct);
        // What is opened by the bidder itself is its own to see.
        if (arguments[0] is not "open") _everything.Append(await output).Append(await errors);
        var text = program.ExitCode == 0 ? await output : await errors;
        return text.TrimStart().StartsWith('{') ? new Ended(program.ExitCode, JsonDocument.Parse(text).RootElement) : throw new InvalidOperationException($"{string.Join(' ', arguments)}: {program.ExitCode} {await output} {await errors}");
    }

    private Process Start(string[] arguments, string? user, string? secrets)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[Path.Combine(LocalSystem.Root, "gateway/clients/Bid/bin/Release/net10.0/Tendering.Bid.dll"), .. arguments, "--json", "--secrets-stdin"]) start.ArgumentList.Add(argument);
        if (user is not null) start.Environment["BID_USER"] = user;
        if (!arguments.Contains("--gateway")) start.Environment["BID_GATEWAY"] = system.Gateway.ToString();
        var process = Process.Start(start)!;
        process.StandardInput.Write(secrets ?? $"BID_PASSPHRASE={Passphrase}\nBID_PASSWORD={(user is "tenderer" or "centre" or "supervisor" ? Development : Password)}\n");
        process.StandardInput.Close();
        return process;
    }
}
