namespace Tendering.Protocols;

/// <summary>A manifest that is refused; the codes are constants of <see cref="ManifestFault"/>.</summary>
public sealed class ManifestException(string code, string message, Exception? inner = null) : ProtocolException(code, message, inner);

/// <summary>Why a manifest is refused.</summary>
public static class ManifestFault
{
    public const string TooLong = "manifest.too-long";
    public const string Malformed = "manifest.malformed";
    public const string Version = "manifest.version";
    public const string Suite = "manifest.suite";
    public const string Identity = "manifest.identity";
    public const string Custodians = "manifest.custodians";
    public const string Threshold = "manifest.threshold";
    public const string RecoveryKey = "manifest.recovery-key";
    public const string Parts = "manifest.parts";
    public const string Length = "manifest.length";
    public const string Hash = "manifest.hash";
    public const string Shares = "manifest.shares";
    public const string RecoveryCopy = "manifest.recovery-copy";
}
