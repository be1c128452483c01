namespace Tendering.Protocols;

/// <summary>A protected key file that cannot be opened: <c>key-file.malformed</c>, or <c>key-file.passphrase</c> for a wrong passphrase or changed file.</summary>
public sealed class KeyFileException(string code, string message, Exception? inner = null) : ProtocolException(code, message, inner);
