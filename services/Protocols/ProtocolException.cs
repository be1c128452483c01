namespace Tendering.Protocols;

/// <summary>Something that arrived from outside breaks a protocol; <see cref="Code"/> is stable and fit for a verdict or an answer.</summary>
public abstract class ProtocolException(string code, string message, Exception? inner = null) : Exception(message, inner)
{
    public string Code { get; } = code;
}
