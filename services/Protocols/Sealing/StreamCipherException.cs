namespace Tendering.Protocols;

/// <summary>A ciphertext that is not what was encrypted: <c>cipher.truncated</c>, <c>cipher.extended</c> or <c>cipher.changed</c>.</summary>
public sealed class StreamCipherException(string code, string message, Exception? inner = null) : ProtocolException(code, message, inner);
