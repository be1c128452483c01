namespace Tendering.Protocols;

/// <summary>A sealed part that cannot be opened: <c>opening.other-key</c>, <c>opening.share-sealed-wrong</c>, <c>opening.share-differs</c>, <c>opening.recovery-copy</c> or <c>opening.commitment</c>.</summary>
public sealed class OpeningException(string code, string message, Exception? inner = null) : ProtocolException(code, message, inner);
