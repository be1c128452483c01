namespace Tendering.Contracts.Escrow;

/// <summary>Finance signed a day of the escrow account in one currency. The report's hash is its SHA-256; sums are not told, since they would tell how many have paid.</summary>
[Event("escrow.day-closed")]
public sealed record DayClosed(string Currency, DateOnly Day, string ReportHash, DateTimeOffset ClosedAt);
