using Tendering.Escrow.Data;
using Tendering.Testing;

namespace Tendering.Escrow.Tests;

/// <summary>Escrow as a process of its own.</summary>
public sealed class EscrowProcess(string connection, string? authority = null, bool ownsDatabase = true) : ServiceProcess(EscrowService.Name, typeof(EscrowDb).Assembly, connection, authority, ownsDatabase)
{
    /// <summary>A database that is migrated and has no process yet.</summary>
    public static async Task<EscrowProcess> PrepareAsync() => new(await MigratedAsync(EscrowService.Name, typeof(EscrowDb).Assembly));
}
