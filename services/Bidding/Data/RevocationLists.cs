using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tendering.Bidding.Domain;
using Tendering.Protocols;

namespace Tendering.Bidding.Data;

/// <summary>
/// The authorities' revocation lists (RFC 5280 section 5): files in the folder that <c>Certificates:RevocationLists</c> names, which the operator keeps fresh. A list
/// counts if one of the trusted authorities signed it. One that is overdue still counts and is complained of: refusing every bid at the deadline could not be made good.
/// </summary>
public sealed partial class RevocationLists(TrustedRoots roots, IConfiguration configuration, TimeProvider clock, ILogger<RevocationLists> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    private readonly string? _folder = configuration["Certificates:RevocationLists"] is { Length: > 0 } folder ? Path.GetFullPath(folder) : null;
    private FrozenSet<(string Issuer, string SerialNumber)> _revoked = [];

    /// <summary>Is one of these certificates, by issuer (DER, hexadecimal) and serial number, on its authority's list?</summary>
    public bool Name(IEnumerable<(string Issuer, string SerialNumber)> path)
    {
        var revoked = Volatile.Read(ref _revoked);
        return revoked.Count > 0 && path.Any(link => revoked.Contains((link.Issuer, Revocation.Normal(link.SerialNumber))));
    }

    /// <summary>Reads the folder anew; a file that is no list of a trusted authority is complained of and left out.</summary>
    public void Read()
    {
        if (_folder is null) return;
        var found = new HashSet<(string, string)>();
        foreach (var file in Directory.EnumerateFiles(_folder).Order(StringComparer.Ordinal))
        {
            try
            {
                var list = RevocationList.Read(File.ReadAllBytes(file));
                if (!roots.All.Any(list.IsSignedBy)) throw new CryptographicException("No trusted authority signed it.");
                if (list.NextUpdate < clock.GetUtcNow()) LogOverdue(log, Path.GetFileName(file), list.NextUpdate!.Value);
                found.UnionWith(list.SerialNumbers.Select(serial => (list.Issuer, Revocation.Normal(serial))));
            }
            catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException) { LogUnreadable(log, Path.GetFileName(file), e.Message); }
        }
        Volatile.Write(ref _revoked, found.ToFrozenSet());
    }

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (_folder is not null && !Directory.Exists(_folder)) throw new InvalidOperationException($"Certificates:RevocationLists names no folder: {_folder}.");
        Read();
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_folder is null) return;
        using var timer = new PeriodicTimer(Every);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try { Read(); }
            catch (IOException e) { LogUnreadable(log, _folder, e.Message); }
        }
    }

    [LoggerMessage(LogLevel.Error, "The revocation list {File} cannot be used: {Reason}")]
    private static partial void LogUnreadable(ILogger log, string file, string reason);

    [LoggerMessage(LogLevel.Warning, "The revocation list {File} was to be renewed by {NextUpdate}.")]
    private static partial void LogOverdue(ILogger log, string file, DateTimeOffset nextUpdate);
}
