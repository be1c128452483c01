using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tendering.Protocols;
using Tendering.Supervision.Features;
using Tendering.Testing;
using Tendering.TimestampAuthority;

namespace Tendering.Supervision.Tests.Features;

/// <summary>Against the authority of the local run, which is `openssl ts` behind a door of HTTP: what stamps is none of ours.</summary>
public sealed class FetchTimestampTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tsa-").FullName;
    private WebApplication _authority = null!;
    private string _address = "";

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _authority = AuthorityHost.Build(builder, _folder);
        await _authority.StartAsync();
        _address = _authority.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
    }

    public async ValueTask DisposeAsync()
    {
        await _authority.DisposeAsync();
        Directory.Delete(_folder, true);
    }

    private async Task<SupervisionHost> StartAsync(string? every = null)
    {
        var host = new SupervisionHost { Configure = c => c.AddInMemoryCollection([new("Log:TimestampAuthority", _address), new("Log:TimestampEvery", every)]) };
        await host.InitializeAsync();
        return host;
    }

    private static async Task<ListTimestamps.Item[]> StampsAsync(SupervisionHost host, int count = 0)
    {
        ListTimestamps.Item[] stamps = [];
        await ServiceFixture.EventuallyAsync(async () => (stamps = (await host.Public().GetFromJsonAsync<ListTimestamps.Item[]>("/api/supervision/log/timestamps"))!).Length >= count, "tokens");
        return stamps;
    }

    [Fact]
    public async Task Who_asks_after_a_request_that_was_given_up_gets_the_answer_to_its_own_question()
    {
        using var authority = new OpensslAuthority(_folder);
        for (var i = 0; i < 20; i++)
        {
            var (first, second) = (Rfc3161TimestampRequest.CreateFromData([(byte)i, 1], HashAlgorithmName.SHA256), Rfc3161TimestampRequest.CreateFromData([(byte)i, 2], HashAlgorithmName.SHA256));
            using var given = new CancellationTokenSource(TimeSpan.FromMilliseconds(i));
            try { await authority.StampAsync(first.Encode(), given.Token); }
            catch (OperationCanceledException) { }
            second.ProcessResponse(await authority.StampAsync(second.Encode(), CancellationToken.None), out _);
        }
    }

    [Fact]
    public async Task A_token_over_the_published_checkpoint_is_fetched_once_a_day_and_served()
    {
        await using var host = await StartAsync();
        var stamp = (await StampsAsync(host, 1)).Single();
        var checkpoint = Checkpoint.Open(SignedNote.Parse(stamp.Checkpoint), await host.KeyAsync());
        var check = CheckpointTimestamp.Verify(checkpoint, Convert.FromBase64String(stamp.Token), [X509CertificateLoader.LoadCertificateFromFile(Path.Combine(_folder, "ca.pem"))]);
        Assert.Equal(TimestampVerdict.Good, check.Verdict);
        // By the log's time that has passed meanwhile there would be many.
        var size = (await host.CheckpointAsync())!.Size;
        await ServiceFixture.EventuallyAsync(async () => (await host.CheckpointAsync())!.Size > size + 4);
        Assert.Single(await StampsAsync(host));
    }

    [Fact]
    public async Task The_next_token_comes_when_its_time_has()
    {
        await using var host = await StartAsync("00:00:01");
        var stamps = await StampsAsync(host, 3);
        Assert.Equal(stamps.Length, stamps.DistinctBy(s => s.Size).Count());
    }

    [Fact]
    public async Task The_authority_answers_nonsense_with_a_refusal_and_goes_on()
    {
        using var http = new HttpClient { BaseAddress = new Uri(_address) };
        using var nonsense = await http.PostAsync("/", new ByteArrayContent([1, 2, 3]));
        if (nonsense.IsSuccessStatusCode) Assert.ThrowsAny<System.Security.Cryptography.CryptographicException>(() => CheckpointTimestamp.Request(Some()).ProcessResponse(nonsense.Content.ReadAsByteArrayAsync().Result, out _));
        var request = CheckpointTimestamp.Request(Some());
        using var answer = await http.PostAsync("/", new ByteArrayContent(request.Encode()));
        Assert.NotNull(request.ProcessResponse(await answer.Content.ReadAsByteArrayAsync(), out _));
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(_folder, "ca.pem")), await http.GetStringAsync("/roots.pem"));
    }

    private static Checkpoint Some() => Checkpoint.Of("example.com/log", 1, MerkleTree.LeafHash([1]));
}
