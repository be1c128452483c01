using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tendering.Protocols;

/// <summary>What authorities' revocation lists say of a certificate's path.</summary>
public enum RevocationState
{
    NotRevoked,
    Revoked,

    /// <summary>Nobody can tell: no list of a trusted authority that publishes one was read yet, or a file that may be the list could never be read whole.</summary>
    Unknown,
}

/// <summary>What is wrong with a revocation list; an overdue one still counts.</summary>
public sealed record RevocationListFault(string File, string Reason, bool IsOverdue = false);

/// <summary>
/// Whose certificates are believed, by an operator's configuration: a PEM file of authorities and a folder of their revocation lists (RFC 5280 section 5). Of each
/// authority the newest whole list that was ever read counts: a file that is half written, gone or older takes nobody off the list. An authority of which none was read yet is believed nothing.
/// </summary>
public sealed class TrustedAuthorities
{
    private readonly string? folder;
    private readonly Lock reading = new();
    private readonly Dictionary<string, RevocationList[]> newest = [];       // by issuer
    private readonly Dictionary<string, string> issuerOfFile = [];           // files that were whole once
    private readonly FrozenSet<string> publishing = [];                      // subjects of the authorities of which a list is expected
    private volatile Lists lists = new([], [], false);

    /// <param name="rootsFile">PEM; null where nothing is configured.</param>
    /// <param name="listsFolder">DER or PEM files; null where nothing is configured.</param>
    /// <param name="withoutLists">SHA-256 fingerprints, with commas between them, of those authorities that publish no list: of them nothing is expected in the folder.</param>
    public TrustedAuthorities(string? rootsFile, string? listsFolder, string? withoutLists = null)
    {
        if (rootsFile is not null)
        {
            Roots = [];
            Roots.ImportFromPemFile(rootsFile);
        }
        else if (listsFolder is not null)
        {
            throw new ArgumentException("Revocation lists are those of trusted authorities: name the authorities too.", nameof(listsFolder));
        }

        folder = listsFolder is null ? null : Path.GetFullPath(listsFolder);
        var silent = (withoutLists ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(text => text.Replace(":", "", StringComparison.Ordinal).ToLowerInvariant()).ToHashSet();
        var known = (Roots ?? []).ToLookup(FingerprintOf);
        if (silent.FirstOrDefault(fingerprint => !known.Contains(fingerprint)) is { } nobody)
        {
            throw new ArgumentException($"No trusted authority has the fingerprint {nobody}.", nameof(withoutLists));
        }

        if (folder is not null)
        {
            publishing = known.Where(same => !silent.Contains(same.Key)).SelectMany(same => same).Select(NameIn).ToFrozenSet();
        }
    }

    /// <summary>By the settings <c>Certificates:TrustedRoots</c>, <c>Certificates:RevocationLists</c> and <c>Certificates:RootsWithoutLists</c>; an empty one is not set.</summary>
    public static TrustedAuthorities From(Func<string, string?> settings)
    {
        return new TrustedAuthorities(Setting("TrustedRoots"), Setting("RevocationLists"), Setting("RootsWithoutLists"));

        string? Setting(string name) => settings("Certificates:" + name) is { Length: > 0 } value ? value : null;
    }

    /// <summary>Those that configuration names; null where it names none.</summary>
    public X509Certificate2Collection? Roots { get; }

    /// <summary>Is at least one whole list known?</summary>
    public bool HasLists => lists.Issuers.Count > 0;

    public bool WantsLists => folder is not null;

    /// <summary>Throws where nobody's certificate could be judged: no authorities are named, though they must be, or lists are wanted and none is whole.</summary>
    public void RequireUsable(bool mustNameRoots)
    {
        if (Roots is null && mustNameRoots)
        {
            throw new InvalidOperationException("Certificates:TrustedRoots is not set: a PEM file with the authorities whose certificates may sign.");
        }

        if (WantsLists && !HasLists)
        {
            throw new InvalidOperationException("Certificates:RevocationLists names a folder without a single whole list of a trusted authority.");
        }
    }

    /// <summary>Those that configuration names; where it names none, these issuers (PEM).</summary>
    public X509Certificate2Collection RootsOr(IEnumerable<string> issuers)
    {
        if (Roots is not null)
        {
            return Roots;
        }

        var roots = new X509Certificate2Collection();
        foreach (var issuer in issuers.Distinct())
        {
            roots.ImportFromPem(issuer);
        }

        return roots;
    }

    /// <summary>What the lists say of certificates by issuer (DER, hexadecimal) and serial number, as <see cref="SigningCertificate.Path"/> gives them.</summary>
    public RevocationState StateOf(IReadOnlyCollection<(string Issuer, string SerialNumber)> path)
    {
        var known = lists;
        return path.Any(link => known.Revoked.Contains((link.Issuer, RevocationList.Normal(link.SerialNumber)))) ? RevocationState.Revoked
            : path.Any(link => !known.Issuers.Contains(link.Issuer) && (known.IsSomeUnread || publishing.Contains(link.Issuer))) ? RevocationState.Unknown
            : RevocationState.NotRevoked;
    }

    /// <summary>Reads the folder anew and tells what is wrong with it.</summary>
    public IReadOnlyList<RevocationListFault> ReadLists(DateTimeOffset now)
    {
        if (folder is null)
        {
            return [];
        }

        lock (reading)
        {
            var faults = new List<RevocationListFault>();
            var isSomeUnread = false;
            var seen = new HashSet<string>();
            foreach (var file in Files(faults))
            {
                isSomeUnread |= !TryRead(file, seen, faults);
            }

            foreach (var (issuer, last) in newest)
            {
                if (!seen.Contains(issuer) && !issuerOfFile.Any(known => known.Value == issuer && File.Exists(known.Key)))
                {
                    faults.Add(new RevocationListFault(NameOf(issuer), "The authority's list is gone; the last one counts."));
                }

                if (last[0].NextUpdate < now)
                {
                    faults.Add(new RevocationListFault(NameOf(issuer), $"A newer list was to come by {last[0].NextUpdate:u}.", IsOverdue: true));
                }
            }

            foreach (var issuer in publishing.Except(newest.Keys).Order(StringComparer.Ordinal))
            {
                faults.Add(new RevocationListFault(NameOf(issuer), "No list of this authority was read yet: its certificates are refused until there is one."));
            }

            lists = new Lists(
                newest.Values.SelectMany(all => all).SelectMany(list => list.SerialNumbers.Select(serial => (list.Issuer, RevocationList.Normal(serial)))).ToFrozenSet(),
                newest.Keys.ToFrozenSet(), isSomeUnread);
            return faults;
        }
    }

    private IEnumerable<string> Files(List<RevocationListFault> faults)
    {
        try
        {
            return [.. Directory.EnumerateFiles(folder!).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            faults.Add(new RevocationListFault(folder!, e.Message));
            return [];
        }
    }

    // False where the file may be the list of an authority of which no whole one is known.
    private bool TryRead(string file, HashSet<string> seen, List<RevocationListFault> faults)
    {
        try
        {
            var list = RevocationList.Read(File.ReadAllBytes(file));
            if (!Roots!.Any(list.IsSignedBy))
            {
                faults.Add(new RevocationListFault(Path.GetFileName(file), "No trusted authority signed it."));
                return issuerOfFile.ContainsKey(file) || !Roots!.Any(root => NameIn(root) == list.Issuer);
            }

            issuerOfFile[file] = list.Issuer;
            seen.Add(list.Issuer);
            Keep(list);
            return true;
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            var isKnown = issuerOfFile.ContainsKey(file);
            faults.Add(new RevocationListFault(Path.GetFileName(file), isKnown ? $"{e.Message} The last whole one counts." : e.Message));
            return isKnown;
        }
    }

    // Two of one moment count both.
    private void Keep(RevocationList list)
    {
        if (!newest.TryGetValue(list.Issuer, out var known) || known[0].ThisUpdate < list.ThisUpdate)
        {
            newest[list.Issuer] = [list];
        }
        else if (known[0].ThisUpdate == list.ThisUpdate && !known.Any(other => other.SerialNumbers.SequenceEqual(list.SerialNumbers)))
        {
            newest[list.Issuer] = [.. known, list];
        }
    }

    private string NameOf(string issuer) => Roots!.First(root => NameIn(root) == issuer).Subject;

    // As lists and paths name an issuer.
    private static string NameIn(X509Certificate2 root) => HexText.Encode(root.SubjectName.RawData);

    private static string FingerprintOf(X509Certificate2 root) => HexText.Sha256(root.RawData);

    private sealed record Lists(FrozenSet<(string Issuer, string SerialNumber)> Revoked, FrozenSet<string> Issuers, bool IsSomeUnread);
}
