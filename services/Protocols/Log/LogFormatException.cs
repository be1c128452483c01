namespace Tendering.Protocols;

/// <summary>A note, checkpoint, tile, proof or request is not in its published form.</summary>
public sealed class LogFormatException(string code, string message) : ProtocolException(code, message);
