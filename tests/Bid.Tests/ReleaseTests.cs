using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Tendering.Protocols;

namespace Tendering.Bid.Tests;

/// <summary>A custodian's release against a gateway that is played here.</summary>
public sealed class ReleaseTests
{
    [Fact]
    public async Task A_share_that_was_sealed_wrongly_is_complained_of_with_its_proof_before_the_good_ones_are_released()
    {
        using var desk = new Desk();
        await desk.PrepareAsync();
        Assert.Equal(0, (await desk.SealAsync()).Code);
        var good = BidManifest.Parse(await File.ReadAllBytesAsync(desk.At("bid/manifest.json")));
        // What stands in the first custodian's place is sealed to the second.
        var files = good.Files with { SealedShares = [good.Files.SealedShares[1], .. good.Files.SealedShares.Skip(1)] };
        var bad = good with { Parts = [good.Price, files] };
        await File.WriteAllTextAsync(desk.At("custodian.json"), desk.Custodians[0].ExportProtected(Desk.Passphrase));

        var (goodId, badId) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        using var gateway = new PlayedGateway(new
        {
            custodianIndex = 1, bids = new[] { new { bidId = goodId, manifest = Encoding.UTF8.GetString(good.Canonical()) }, new { bidId = badId, manifest = Encoding.UTF8.GetString(bad.Canonical()) } },
        });
        desk.Variables[Secrets.Password] = "a password of the tests";
        var ended = await desk.RunAsync(["release", "--json", "--user", "centre", "--gateway", gateway.Address.ToString(), "--lot", desk.Lot.ToString(), "--key", desk.At("custodian.json")]);

        Assert.Equal((3, "release.incomplete"), (ended.Code, ended.Error));
        var told = Assert.Single(ended.Result.GetProperty("error").GetProperty("details").GetProperty("complaints").EnumerateArray());
        Assert.Equal((badId, "files", "upheld"), (told.GetProperty("bidId").GetGuid(), told.GetProperty("part").GetString(), told.GetProperty("answer").GetString()));
        Assert.Equal([$"/api/bid-opening/lots/{desk.Lot}/share-complaints", $"/api/bid-opening/lots/{desk.Lot}/shares"], gateway.Posted.Select(p => p.Path));
        var complaint = gateway.Posted[0].Body;
        Assert.Equal((badId, "files"), (complaint.GetProperty("bidId").GetGuid(), complaint.GetProperty("part").GetString()));
        var made = new ShareComplaint(complaint.GetProperty("sharedPoint").GetString()!, complaint.GetProperty("proof").GetString()!);
        Assert.Equal(ComplaintVerdict.Upheld, ShareComplaint.Judge(bad, "files", 1, made));
        Assert.Equal(3, gateway.Posted[1].Body.GetProperty("shares").GetArrayLength());
    }

    /// <summary>Signs everybody in, shows these sealed shares, takes what is posted.</summary>
    private sealed class PlayedGateway : IDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly byte[] _shares;

        public PlayedGateway(object shares)
        {
            using var free = new TcpListener(IPAddress.Loopback, 0);
            free.Start();
            Address = new Uri($"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/");
            free.Stop();
            _shares = JsonSerializer.SerializeToUtf8Bytes(shares);
            _listener.Prefixes.Add(Address.ToString());
            _listener.Start();
            _ = PlayAsync();
        }

        public Uri Address { get; }
        public List<(string Path, JsonElement Body)> Posted { get; } = [];

        public void Dispose() => _listener.Close();

        private async Task PlayAsync()
        {
            try
            {
                while (true)
                {
                    var call = await _listener.GetContextAsync();
                    var path = call.Request.Url!.AbsolutePath;
                    var body = call.Request.HttpMethod == "POST" && path != "/session" ? await JsonSerializer.DeserializeAsync<JsonElement>(call.Request.InputStream) : default;
                    if (body.ValueKind == JsonValueKind.Object) Posted.Add((path, body));
                    call.Response.ContentType = "application/json";
                    var answer = path.EndsWith("/sealed-shares", StringComparison.Ordinal) ? _shares
                        : path.EndsWith("/shares", StringComparison.Ordinal) ? JsonSerializer.SerializeToUtf8Bytes(new { good = body.GetProperty("shares").GetArrayLength(), wrong = Array.Empty<object>() })
                        : "{}"u8.ToArray();
                    await call.Response.OutputStream.WriteAsync(answer);
                    call.Response.Close();
                }
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException) { }
        }
    }
}
