using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Tendering.Protocols;

namespace Tendering.Replay.Client;

/// <summary>A bid that is sealed, signed and uploaded, and only has to be submitted.</summary>
public sealed record PreparedBid(string ManifestHash, string Manifest, string Signature, Guid PriceUpload, Guid FilesUpload);

/// <summary>An enterprise on its own device: its certificate's key and its recovery key stay here; bids are sealed here.</summary>
public sealed class Bidder : IDisposable
{
    public const string Password = "Bidder-device-2026!";

    private readonly CustodianKey _recovery = CustodianKey.Generate();
    private readonly X509Certificate2 _certificate;

    private Bidder(Session session, Guid id, string name, string userName, string code, string account, X509Certificate2 certificate) =>
        (Session, Id, Name, UserName, Code, Account, _certificate) = (session, id, name, userName, code, account, certificate);

    public Session Session { get; }
    public Guid Id { get; }
    public string Name { get; }
    public string UserName { get; }
    public string Code { get; }

    /// <summary>Number of its basic account at the bank.</summary>
    public string Account { get; }

    /// <summary>Enters the market: registers the organisation with a certificate request made here, opens its bank account, signs in.</summary>
    public static async Task<Bidder> EnterAsync(Market market, string name, string run, string currency, long balance, CancellationToken ct)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var (code, account, user) = (Market.CodeFor($"{run}/{name}"), $"6222{Digits($"{run}/{name}")}", $"b-{run}-{Digits(name)}");
        await market.Bank.OpenAccountAsync(account, name, currency, balance, ct);
        var request = new CertificateRequest(new X500DistinguishedName($"CN={Plain(name)}"), key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        var answer = await market.Public.PostAsync<RegisteredOrganisation>("api/identity/organisations", new
        {
            socialCreditCode = code, name, kind = "bidder", basicAccount = new { number = account, name }, certificateRequest = request,
            person = new { userName = user, password = Password, displayName = $"Bidding office of {name}" },
        }, ct);
        using var issued = X509Certificate2.CreateFromPem(answer.Certificate);
        var session = await Session.SignInAsync(market.Gateway, user, Password, ct);
        return new Bidder(session, answer.OrganisationId, name, user, code, account, issued.CopyWithPrivateKey(key));
    }

    public async Task RegisterAsync(Guid lot, CancellationToken ct)
    {
        await Session.UntilAsync<BidderLot>($"api/bidding/lots/{lot}", _ => true, "the lot to be open for registration", ct);
        while (true)
        {
            try { await Session.PostAsync($"api/bidding/lots/{lot}/registrations", new { }, ct); return; }
            // Who registered a moment ago is not known there yet.
            catch (RefusedException e) when (e.Code == "organisation-unknown") { await Task.Delay(100, ct); }
        }
    }

    /// <summary>Pays the deposit (or another amount) to the sub-account made for this bidder and lot.</summary>
    public async Task<SubAccount> PayDepositAsync(Market market, Guid lot, long? amount, CancellationToken ct)
    {
        var account = await Session.UntilAsync<SubAccount>($"api/escrow/lots/{lot}/sub-account", _ => true, "a sub-account", ct);
        await market.Bank.PayAsync(Account, account.AccountNumber, amount ?? account.Amount, account.Currency, ct);
        return account;
    }

    public Task<BidderLot> DepositAsync(Guid lot, string state, CancellationToken ct) =>
        Session.UntilAsync<BidderLot>($"api/bidding/lots/{lot}", l => l.Deposit == state, $"a deposit that is {state}", ct);

    /// <summary>Seals price and files on this device, uploads the ciphertexts, signs and submits; the receipt is checked before it is believed.</summary>
    public async Task<Submitted> SubmitAsync(Market market, Tender tender, Guid lot, int revision, long price, string currency, CancellationToken ct)
    {
        var bid = await PrepareAsync(tender, lot, revision, price, currency, ct);
        var submitted = await SubmitPreparedAsync(lot, bid, ct);
        var receipt = (await ReceiptKey.FetchAsync(market.Public, ct)).Verify(submitted.Receipt) ?? throw new InvalidOperationException($"{Name}: the receipt's signature is wrong.");
        if (receipt.ManifestHash != bid.ManifestHash || receipt.Bidder != Id || receipt.Lot != lot) throw new InvalidOperationException($"{Name}: the receipt is for another bid.");
        return submitted;
    }

    /// <summary>Everything that costs nothing at the deadline: sealed, signed, uploaded.</summary>
    public async Task<PreparedBid> PrepareAsync(Tender tender, Guid lot, int revision, long price, string currency, CancellationToken ct)
    {
        var keys = tender.Custodians.OrderBy(c => c.Index).Select(c => c.PublicKey).ToArray();
        var request = new SealingRequest(tender.TenderId, lot, Id, revision, keys, tender.Threshold, _recovery.PublicKey);
        var schedule = new OpeningSchedule(OpeningSchedule.VersionOne, tender.TenderId, lot, Id, revision, price, currency, 180, null, null);
        var bid = await BidSealer.SealAsync(request, schedule.Canonical(), Encoding.UTF8.GetBytes($"Technical proposal of {Name}."), ct);
        return Sign(bid.Manifest, await UploadAsync(lot, SealedPart.Price, bid.Price, ct), await UploadAsync(lot, SealedPart.Files, bid.Files, ct));
    }

    /// <summary>The same uploads under another manifest. The platform sees no more than that; whoever opened it would find that the ciphertext belongs to the first.</summary>
    public PreparedBid Resign(BidManifest manifest, PreparedBid bid) => Sign(manifest, bid.PriceUpload, bid.FilesUpload);

    private PreparedBid Sign(BidManifest manifest, Guid priceUpload, Guid filesUpload)
    {
        var canonical = manifest.Canonical();
        return new PreparedBid(HexText.Sha256(canonical), Encoding.UTF8.GetString(canonical), Convert.ToBase64String(BidSignature.Sign(canonical, _certificate)), priceUpload, filesUpload);
    }

    public Task<Submitted> SubmitPreparedAsync(Guid lot, PreparedBid bid, CancellationToken ct) =>
        Session.PostAsync<Submitted>($"api/bidding/lots/{lot}/bids", new { bid.Manifest, bid.Signature, bid.PriceUpload, bid.FilesUpload }, ct);

    public Task EnterHallAsync(Guid lot, CancellationToken ct) => Session.PostAsync($"api/bid-opening/lots/{lot}/attendance", new { }, ct);

    public async Task<Guid> ObjectAsync(Guid lot, string text, CancellationToken ct) => (await Session.PostAsync<RaisedObjection>($"api/bid-opening/lots/{lot}/objections", new { text }, ct)).ObjectionId;

    /// <summary>Signs with the enterprise's certificate what was announced at the opening, byte for byte as it was fetched.</summary>
    public async Task SignAnnouncementAsync(Guid lot, CancellationToken ct)
    {
        var announced = await Session.GetBytesAsync($"api/bid-opening/lots/{lot}/announcement", ct);
        await Session.PostAsync($"api/bid-opening/lots/{lot}/signatures", new
        {
            announcedHash = Convert.ToHexStringLower(SHA256.HashData(announced)), signature = Convert.ToBase64String(BidSignature.Sign(announced, _certificate)),
        }, ct);
    }

    private async Task<Guid> UploadAsync(Guid lot, string part, byte[] content, CancellationToken ct)
    {
        var upload = await Uploads.BeginAsync(Session, lot, part, content.LongLength, ct);
        using var stream = new MemoryStream(content, writable: false);
        await Uploads.ContinueAsync(Session, upload, stream, null, ct);
        return upload;
    }

    private static string Digits(string text) => string.Concat(SHA256.HashData(Encoding.UTF8.GetBytes(text)).Take(6).Select(b => (b % 100).ToString("00", System.Globalization.CultureInfo.InvariantCulture)));
    private static string Plain(string name) => string.Concat(name.Where(c => char.IsLetterOrDigit(c) || c == ' '));

    public void Dispose()
    {
        Session.Dispose();
        _certificate.Dispose();
        _recovery.Dispose();
    }
}
