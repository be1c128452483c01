using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tendering.Protocols;

namespace Tendering.Witness.Tests;

/// <summary>A log that can also lie.</summary>
internal sealed class TestLog(string origin = "example.com/log", ECDsa? key = null)
{
    private readonly NoteSigner _signer = NoteSigner.ForLog(origin, key ?? ECDsa.Create(ECCurve.NamedCurves.nistP256));
    private readonly List<byte[]> _leaves = [];

    public NoteKey Key => _signer.Key;

    /// <summary>Another history with the same key: as many leaves are the same as <paramref name="common"/> says.</summary>
    public TestLog Branch(int common) { var other = new TestLog(this, common); return other; }

    private TestLog(TestLog from, int common) : this(from._signer.Key.Name) => (_signer, _leaves) = (from._signer, [.. from._leaves.Take(common)]);

    public TestLog Grow(int count, string text = "leaf")
    {
        for (var i = 0; i < count; i++) _leaves.Add(MerkleTree.LeafHash(System.Text.Encoding.UTF8.GetBytes($"{text} {_leaves.Count}")));
        return this;
    }

    public Checkpoint At(int size) => Checkpoint.Of(Key.Name, size, MerkleTree.Root(_leaves[..size]));
    public Checkpoint Now => At(_leaves.Count);
    public SignedNote Signed => Now.Sign(_signer);
    public SignedNote SignedAt(int size) => At(size).Sign(_signer);
    public SignedNote SignedText(Checkpoint checkpoint) => checkpoint.Sign(_signer);
    public WitnessRequest Request(int old) => new(old, MerkleTree.ConsistencyProof(old, _leaves), Signed);
    public WitnessRequest Request(int old, int size) => new(old, old <= size ? MerkleTree.ConsistencyProof(old, _leaves[..size]) : [], SignedAt(size));
}

/// <summary>A witness over HTTP in a folder of its own; it can be stopped and started again there.</summary>
internal sealed class WitnessFixture(params (string Setting, string Value)[] logs) : IAsyncDisposable
{
    private WebApplication? _app;

    public DirectoryInfo Folder { get; } = Directory.CreateTempSubdirectory("tendering-witness");
    public HttpClient Http { get; private set; } = new();
    public NoteKey Key => _app!.Services.GetRequiredService<Witnessing>().Key;

    public static async Task<WitnessFixture> StartAsync(params NoteKey[] logs)
    {
        var fixture = new WitnessFixture([.. logs.Select((key, i) => ($"Witness:Logs:{i}:Key", key.ToString()))]);
        await fixture.StartAsync();
        return fixture;
    }

    public async Task StartAsync()
    {
        _app = WitnessHost.Build(["--urls=http://127.0.0.1:0"], configuration => configuration.AddInMemoryCollection(
            [new("Witness:Name", "witness.example"), new("Witness:Folder", Folder.FullName)]).AddInMemoryCollection(logs.Select(log => new KeyValuePair<string, string?>(log.Setting, log.Value))));
        await _app.StartAsync();
        Http = new HttpClient { BaseAddress = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()) };
    }

    public async Task StopAsync()
    {
        if (_app is null) return;
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _app = null;
    }

    public Task<HttpResponseMessage> AskAsync(WitnessRequest request) => AskAsync(request.ToBytes());
    public Task<HttpResponseMessage> AskAsync(byte[] body) => Http.PostAsync("/add-checkpoint", new ByteArrayContent(body));

    /// <summary>The status and, where it cosigned, whether the cosignature holds for the checkpoint; where it did not, the size that it names.</summary>
    public async Task<(int Status, bool Cosigned, long? Size)> VerdictAsync(WitnessRequest request)
    {
        using var response = await AskAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        if (!response.IsSuccessStatusCode) return ((int)response.StatusCode, false, WitnessRequest.ParseSize(body));
        var note = new SignedNote(request.Checkpoint.Text, NoteSignature.ParseLines(body));
        return ((int)response.StatusCode, note.Check(Key).IsBy(Key), null);
    }

    public string[] Evidence => [.. Directory.EnumerateFiles(Path.Combine(Folder.FullName, "evidence")).Select(File.ReadAllText)];

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Folder.Delete(recursive: true);
    }
}
