using System.Security.Cryptography;
using Tendering.Protocols;

namespace Tendering.Witness;

/// <summary>The witness's own key, made at the first start and readable by its owner only; its folder is held against a second witness, which would not know what this one has seen.</summary>
public sealed class WitnessIdentity : IDisposable
{
    private readonly FileStream _lock;
    private readonly ECDsa _key;

    private WitnessIdentity(FileStream held, ECDsa key, string name) => (_lock, _key, Signer) = (held, key, NoteSigner.ForWitness(name, key));

    public NoteSigner Signer { get; }

    public static WitnessIdentity Open(WitnessSettings settings)
    {
        Directory.CreateDirectory(settings.Folder);
        var held = Hold(Path.Combine(settings.Folder, "lock"));
        try { return new WitnessIdentity(held, Key(Path.Combine(settings.Folder, "key.pem")), settings.Name); }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _key.Dispose();
        _lock.Dispose();
    }

    private static FileStream Hold(string path)
    {
        try { return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None); }
        catch (IOException e) { throw new InvalidOperationException($"Another witness works in {Path.GetDirectoryName(path)}.", e); }
    }

    private static ECDsa Key(string path)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (File.Exists(path)) key.ImportFromPem(File.ReadAllText(path));
        else Durable.Write(path, System.Text.Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"));
        return key;
    }
}
