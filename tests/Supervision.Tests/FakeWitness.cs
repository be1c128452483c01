using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tendering.Protocols;

namespace Tendering.Supervision.Tests;

/// <summary>A witness by C2SP tlog-witness, as strict as its text, that can be told to be away or to lie.</summary>
public sealed class FakeWitness : IAsyncDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly WebApplication _app;
    private readonly NoteSigner _signer;
    private Checkpoint? _seen;

    public FakeWitness(string name)
    {
        _signer = NoteSigner.ForWitness(name, _key);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapPost("/w/add-checkpoint", AddAsync);
    }

    public string Key => _signer.Key.ToString();
    public string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First() + "/w/";
    public Task StartAsync() => _app.StartAsync();

    public bool IsAway { get; set; }
    public bool Lies { get; set; }
    public long Asked { get; private set; }

    /// <summary>What it has cosigned last; set to what another log would have shown it.</summary>
    public Checkpoint? Seen { get => _seen; set => _seen = value; }

    private async Task AddAsync(HttpContext http)
    {
        Asked++;
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        if (IsAway)
        {
            http.Response.StatusCode = 503;
            return;
        }
        var request = WitnessRequest.Parse(body.ToArray());
        var checkpoint = Checkpoint.Parse(request.Checkpoint.Text);
        var (old, root) = (_seen?.Size ?? 0, _seen?.Root ?? MerkleTree.EmptyRoot);
        if (request.OldSize != old || (old == checkpoint.Size && !root.AsSpan().SequenceEqual(checkpoint.Root)))
        {
            http.Response.StatusCode = 409;
            http.Response.ContentType = WitnessRequest.SizeContentType;
            await http.Response.WriteAsync(WitnessRequest.SizeBody(old));
            return;
        }
        if (!MerkleTree.VerifyGrowth(old, checkpoint.Size, root, checkpoint.Root, request.Proof))
        {
            http.Response.StatusCode = 422;
            return;
        }
        _seen = checkpoint;
        var signed = Lies ? Checkpoint.Of(checkpoint.Origin, checkpoint.Size + 1, checkpoint.Root) : checkpoint;
        await http.Response.WriteAsync(_signer.Cosign(signed, DateTimeOffset.UnixEpoch.AddDays(20_000)).ToString());
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _key.Dispose();
    }
}
