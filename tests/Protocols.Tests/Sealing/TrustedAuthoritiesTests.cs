using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tendering.Protocols.Tests;

/// <summary>Whom the lists take off stays off, whatever becomes of their files.</summary>
public sealed class TrustedAuthoritiesTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 9, 0, 0, TimeSpan.Zero);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("authorities-");
    private readonly X509Certificate2 authority = Authority("CN=First");
    private readonly X509Certificate2 second = Authority("CN=Second");
    private readonly TrustedAuthorities authorities;

    public TrustedAuthoritiesTests()
    {
        Directory.CreateDirectory(Lists);
        File.WriteAllText(Roots, authority.ExportCertificatePem() + "\n" + second.ExportCertificatePem());
        authorities = new TrustedAuthorities(Roots, Lists, FingerprintOf(second));
    }

    private string Roots => Path.Combine(folder.FullName, "roots.pem");

    private string Lists => Path.Combine(folder.FullName, "lists");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void A_list_names_certificates_by_issuer_and_number_however_it_is_spelt()
    {
        Write("a.crl", ListOf(authority, 0, 0x0A, 0x7F));
        Assert.Empty(authorities.ReadLists(Now));
        Assert.Equal(RevocationState.Revoked, StateOf(authority, "000a"));
        Assert.Equal(RevocationState.Revoked, StateOf(authority, "7F"));
        Assert.Equal(RevocationState.NotRevoked, StateOf(authority, "0B"));
        Assert.Equal(RevocationState.NotRevoked, StateOf(second, "0A"));
        Assert.True(authorities.HasLists);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(60)]
    [InlineData(-1)]
    public void A_file_that_is_half_written_leaves_the_last_whole_list_and_is_complained_of(int length)
    {
        var list = ListOf(authority, 0, 0x0A);
        Write("a.crl", list);
        authorities.ReadLists(Now);
        Write("a.crl", list[..(length < 0 ? list.Length - 1 : length)]);
        Assert.Equal("a.crl", Assert.Single(authorities.ReadLists(Now)).File);
        Assert.Equal(RevocationState.Revoked, StateOf(authority, "0A"));
        Assert.Equal(RevocationState.NotRevoked, StateOf(authority, "0B"));
        Assert.Equal(RevocationState.NotRevoked, StateOf(second, "0A"));             // the file is known to be the first one's

        Write("a.crl", ListOf(authority, 1, 0x0A, 0x0B));
        Assert.Empty(authorities.ReadLists(Now));
        Assert.Equal(RevocationState.Revoked, StateOf(authority, "0B"));
    }

    [Fact]
    public void A_list_that_is_gone_or_older_takes_nobody_off()
    {
        Write("a.crl", ListOf(authority, 2, 0x0A));
        authorities.ReadLists(Now);
        File.Delete(Path.Combine(Lists, "a.crl"));
        Assert.Contains("gone", Assert.Single(authorities.ReadLists(Now)).Reason, StringComparison.Ordinal);
        Assert.Equal(RevocationState.Revoked, StateOf(authority, "0A"));
        Write("b.crl", ListOf(authority, 1));
        authorities.ReadLists(Now);
        Assert.Equal(RevocationState.Revoked, StateOf(authority, "0A"));
        folder.EnumerateDirectories().Single().Delete(recursive: true);
        Assert.NotEmpty(authorities.ReadLists(Now));
        Assert.Equal(RevocationState.Revoked, StateOf(authority, "0A"));
    }

    [Fact]
    public void The_newest_list_of_an_authority_counts_alone()
    {
        Write("a.crl", ListOf(authority, 1, 0x0A, 0x0B));
        Write("b.crl", ListOf(authority, 2, 0x0B));                                  // a hold that was lifted
        Assert.Empty(authorities.ReadLists(Now));
        Assert.Equal(RevocationState.NotRevoked, StateOf(authority, "0A"));
        Assert.Equal(RevocationState.Revoked, StateOf(authority, "0B"));
    }

    [Fact]
    public void A_file_that_was_never_whole_may_be_anybodys_of_whom_no_list_is_known()
    {
        Write("a.crl", ListOf(authority, 0));
        Write("new.crl", ListOf(second, 0, 0x0A)[..80]);
        Assert.Single(authorities.ReadLists(Now));
        Assert.Equal(RevocationState.NotRevoked, StateOf(authority, "0A"));
        Assert.Equal(RevocationState.Unknown, StateOf(second, "0A"));
        Assert.Equal(RevocationState.Unknown, StateOf(second, "0B"));
        Write("new.crl", ListOf(second, 0, 0x0A));
        Assert.Empty(authorities.ReadLists(Now));
        Assert.Equal(RevocationState.Revoked, StateOf(second, "0A"));
        Assert.Equal(RevocationState.NotRevoked, StateOf(second, "0B"));
    }

    [Fact]
    public void A_list_under_anothers_name_or_a_strangers_counts_for_nobody()
    {
        using var thief = Authority("CN=First");
        using var stranger = Authority("CN=Stranger");
        var silent = new TrustedAuthorities(Roots, Lists, $"{FingerprintOf(second)}, {FingerprintOf(authority)}");
        Write("a.crl", ListOf(second, 0));
        Write("stranger.crl", ListOf(stranger, 0, 0x0A));
        Assert.Single(silent.ReadLists(Now));
        Assert.Equal(RevocationState.NotRevoked, StateOf(authority, "0A", silent));
        Write("thief.crl", ListOf(thief, 0));                                        // names the first, whose own list it may stand in for
        Assert.Equal(2, silent.ReadLists(Now).Count);
        Assert.Equal(RevocationState.Unknown, StateOf(authority, "0A", silent));
        Assert.Equal(RevocationState.NotRevoked, StateOf(second, "0A", silent));
    }

    [Fact]
    public void Of_an_authority_of_which_no_list_was_read_since_the_start_nobody_can_tell_and_it_is_named()
    {
        var started = new TrustedAuthorities(Roots, Lists);
        Write("a.crl", ListOf(authority, 0, 0x0A));
        var fault = Assert.Single(started.ReadLists(Now));
        Assert.Equal(("CN=Second", false), (fault.File, fault.IsOverdue));
        Assert.Contains("No list of this authority", fault.Reason, StringComparison.Ordinal);
        Assert.Equal(RevocationState.Unknown, StateOf(second, "0B", started));
        Assert.Equal((RevocationState.Revoked, RevocationState.NotRevoked), (StateOf(authority, "0A", started), StateOf(authority, "0B", started)));

        Write("b.crl", ListOf(second, 0, 0x0C));
        Assert.Empty(started.ReadLists(Now));
        Assert.Equal((RevocationState.NotRevoked, RevocationState.Revoked), (StateOf(second, "0B", started), StateOf(second, "0C", started)));
        File.Delete(Path.Combine(Lists, "b.crl"));
        Assert.Contains("gone", Assert.Single(started.ReadLists(Now)).Reason, StringComparison.Ordinal);
        Assert.Equal(RevocationState.NotRevoked, StateOf(second, "0B", started));        // as long as the process remembers it
        var again = new TrustedAuthorities(Roots, Lists);
        again.ReadLists(Now);
        Assert.Equal(RevocationState.Unknown, StateOf(second, "0B", again));
    }

    [Fact]
    public void An_authority_that_publishes_no_list_is_named_by_its_fingerprint_and_a_fingerprint_of_nobody_is_a_mistake()
    {
        Write("a.crl", ListOf(authority, 0, 0x0A));
        var colons = string.Join(':', FingerprintOf(second).ToUpperInvariant().Chunk(2).Select(pair => new string(pair)));
        var silent = new TrustedAuthorities(Roots, Lists, colons);                       // as 'openssl x509 -fingerprint -sha256' prints it
        Assert.Empty(silent.ReadLists(Now));
        Assert.Equal(RevocationState.NotRevoked, StateOf(second, "0B", silent));
        Assert.Throws<ArgumentException>(() => new TrustedAuthorities(Roots, Lists, new string('0', 64)));
        Assert.Throws<ArgumentException>(() => new TrustedAuthorities(null, null, FingerprintOf(second)));
    }

    [Fact]
    public void Without_a_folder_of_lists_nobody_is_asked_for_one()
    {
        var none = new TrustedAuthorities(Roots, null);
        Assert.Empty(none.ReadLists(Now));
        Assert.Equal(RevocationState.NotRevoked, StateOf(authority, "0A", none));
    }

    [Fact]
    public void What_settings_make_is_usable_where_somebodys_certificate_can_be_judged()
    {
        TrustedAuthorities From(params (string Name, string Value)[] settings) => TrustedAuthorities.From(name => settings.FirstOrDefault(s => "Certificates:" + s.Name == name).Value);
        Assert.Contains("Certificates:TrustedRoots", Assert.Throws<InvalidOperationException>(() => From(("TrustedRoots", "")).RequireUsable(mustNameRoots: true)).Message, StringComparison.Ordinal);
        From().RequireUsable(mustNameRoots: false);
        From(("TrustedRoots", Roots)).RequireUsable(mustNameRoots: true);
        var listed = From(("TrustedRoots", Roots), ("RevocationLists", Lists), ("RootsWithoutLists", FingerprintOf(second)));
        listed.ReadLists(Now);
        Assert.Contains("Certificates:RevocationLists", Assert.Throws<InvalidOperationException>(() => listed.RequireUsable(mustNameRoots: true)).Message, StringComparison.Ordinal);
        Write("a.crl", ListOf(authority, 0));
        Assert.Empty(listed.ReadLists(Now));
        listed.RequireUsable(mustNameRoots: true);
    }

    [Fact]
    public void An_overdue_list_counts_and_is_complained_of()
    {
        Write("a.crl", ListOf(authority, 0, 0x0A));
        var fault = Assert.Single(authorities.ReadLists(Now.AddDays(60)));
        Assert.True(fault.IsOverdue);
        Assert.Equal(RevocationState.Revoked, StateOf(authority, "0A"));
    }

    [Fact]
    public void Without_configured_authorities_those_that_are_given_are_believed_and_lists_make_no_sense()
    {
        var none = new TrustedAuthorities(null, null);
        Assert.Null(none.Roots);
        Assert.Equal("CN=Second", Assert.Single(none.RootsOr([second.ExportCertificatePem(), second.ExportCertificatePem()])).Subject);
        Assert.Empty(none.ReadLists(Now));
        Assert.Equal(2, authorities.RootsOr([]).Count);
        Assert.Throws<ArgumentException>(() => new TrustedAuthorities(null, Lists));
    }

    private static string FingerprintOf(X509Certificate2 certificate) => certificate.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant();

    private RevocationState StateOf(X509Certificate2 issuer, string serial, TrustedAuthorities? by = null) => (by ?? authorities).StateOf([(HexText.Encode(issuer.SubjectName.RawData), serial)]);

    private void Write(string name, byte[] list) => File.WriteAllBytes(Path.Combine(Lists, name), list);

    private static byte[] ListOf(X509Certificate2 issuer, int hours, params byte[] serials)
    {
        var list = new CertificateRevocationListBuilder();
        foreach (var serial in serials)
        {
            list.AddEntry([serial]);
        }

        return list.Build(issuer, 1, Now.AddDays(30), HashAlgorithmName.SHA256, thisUpdate: Now.AddDays(-1).AddHours(hours));
    }

    private static X509Certificate2 Authority(string name)
    {
        var request = new CertificateRequest(name, ECDsa.Create(ECCurve.NamedCurves.nistP256), HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request.CreateSelfSigned(Now.AddYears(-1), Now.AddYears(9));
    }
}
