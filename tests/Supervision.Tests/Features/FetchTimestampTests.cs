using System.Diagnostics;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.AspNetCore.Http;
using Tendering.Protocols;
using Tendering.Supervision.Features;
using Tendering.Testing;

namespace Tendering.Supervision.Tests.Features;

/// <summary>Against `openssl ts`, behind a door of HTTP: an authority that is none of ours.</summary>
public sealed class FetchTimestampTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tsa-").FullName;
    private readonly List<string> _failures = [];
    private WebApplication _authority = null!;
    private SupervisionHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        const string Configuration = """
            [req]
            distinguished_name = dn
            [dn]
            [ca]
            basicConstraints = critical, CA:true
            [tsa]
            extendedKeyUsage = critical, timeStamping
            [ts]
            serial = serial
            signer_digest = sha256
            default_policy = 1.2.3.4
            digests = sha256
            ess_cert_id_alg = sha256
            """;
        await File.WriteAllTextAsync(Path.Combine(_folder, "ts.cnf"), Configuration);
        await File.WriteAllTextAsync(Path.Combine(_folder, "serial"), "01");
        Run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=Root -config ts.cnf -extensions ca");
        Run("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tsa.key -out tsa.csr -subj /CN=TSA -config ts.cnf");
        Run("x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out tsa.pem -days 30 -extfile ts.cnf -extensions tsa");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _authority = builder.Build();
        _authority.MapPost("/", AnswerAsync);
        await _authority.StartAsync();
        var address = _authority.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        _host = new SupervisionHost { Configure = c => c.AddInMemoryCollection([new("Log:TimestampAuthority", address)]) };
        await _host.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _authority.DisposeAsync();
        Directory.Delete(_folder, true);
    }

    private async Task AnswerAsync(HttpContext http)
    {
        await using (var query = File.Create(Path.Combine(_folder, "query.tsq"))) await http.Request.Body.CopyToAsync(query);
        Run("ts -reply -queryfile query.tsq -inkey tsa.key -signer tsa.pem -chain ca.pem -config ts.cnf -section ts -out answer.tsr");
        http.Response.ContentType = "application/timestamp-reply";
        await http.Response.SendFileAsync(Path.Combine(_folder, "answer.tsr"));
    }

    private void Run(string arguments)
    {
        using var openssl = Process.Start(new ProcessStartInfo("openssl", arguments) { WorkingDirectory = _folder, RedirectStandardError = true, RedirectStandardOutput = true })!;
        var error = openssl.StandardError.ReadToEnd();
        openssl.WaitForExit();
        if (openssl.ExitCode != 0) _failures.Add($"openssl {arguments}: {error}");
    }

    [Fact]
    public async Task A_token_over_the_published_checkpoint_is_fetched_once_a_day_and_served()
    {
        ListTimestamps.Item[] stamps = [];
        await ServiceFixture.EventuallyAsync(async () => (stamps = (await _host.Public().GetFromJsonAsync<ListTimestamps.Item[]>("/api/supervision/log/timestamps"))!).Length > 0 || _failures.Count > 0, "a token");
        Assert.Empty(_failures);
        var stamp = stamps.Single();
        var checkpoint = Checkpoint.Open(SignedNote.Parse(stamp.Checkpoint), await _host.KeyAsync());
        var check = CheckpointTimestamp.Verify(checkpoint, Convert.FromBase64String(stamp.Token), [X509CertificateLoader.LoadCertificateFromFile(Path.Combine(_folder, "ca.pem"))]);
        Assert.Equal(TimestampVerdict.Good, check.Verdict);
        // By the log's time that has passed meanwhile there would be many.
        var size = (await _host.CheckpointAsync())!.Size;
        await ServiceFixture.EventuallyAsync(async () => (await _host.CheckpointAsync())!.Size > size + 4);
        Assert.Single((await _host.Public().GetFromJsonAsync<ListTimestamps.Item[]>("/api/supervision/log/timestamps"))!);
    }
}
