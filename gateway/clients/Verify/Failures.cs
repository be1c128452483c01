namespace Tendering.Verify;

/// <summary>The program was called in a way that it does not understand.</summary>
public sealed class UsageException(string message) : Exception(message);

/// <summary>What was to be checked cannot be had: the check is incomplete.</summary>
public sealed class UnreachableException(string message) : Exception(message);
