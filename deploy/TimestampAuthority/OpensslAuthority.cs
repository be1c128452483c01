using System.Diagnostics;

namespace Tendering.TimestampAuthority;

/// <summary>Keys and certificates of the authority in a folder, made once, and <c>openssl ts</c> that answers with them.</summary>
public sealed class OpensslAuthority : IDisposable
{
    private const string Settings = """
        [req]
        distinguished_name = dn
        [dn]
        [ca]
        basicConstraints = critical, CA:true
        [tsa]
        extendedKeyUsage = critical, timeStamping
        [ts]
        serial = serial
        signer_digest = sha256
        default_policy = 1.2.3.4
        digests = sha256
        ess_cert_id_alg = sha256
        """;
    private const string NewKey = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config ts.cnf";
    private readonly string _folder;
    private readonly SemaphoreSlim _turn = new(1, 1);                // serial numbers are in a file

    public OpensslAuthority(string folder)
    {
        _folder = Directory.CreateDirectory(folder).FullName;
        File.WriteAllText(Path.Combine(_folder, "ts.cnf"), Settings);
        if (File.Exists(Path.Combine(_folder, "tsa.pem"))) return;
        File.WriteAllText(Path.Combine(_folder, "serial"), "01");
        RunAsync($"req -x509 {NewKey} -keyout ca.key -out ca.pem -days 3650 -subj /CN=Local-time-stamping-root -extensions ca").GetAwaiter().GetResult();
        RunAsync($"req {NewKey} -keyout tsa.key -out tsa.csr -subj /CN=Local-time-stamping").GetAwaiter().GetResult();
        RunAsync("x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out tsa.new -days 3650 -extfile ts.cnf -extensions tsa").GetAwaiter().GetResult();
        File.Move(Path.Combine(_folder, "tsa.new"), Path.Combine(_folder, "tsa.pem"));
    }

    /// <summary>The root that whoever checks tokens has to trust.</summary>
    public string RootsFile => Path.Combine(_folder, "ca.pem");

    /// <summary>The answer (DER) to a query (DER); a query that is none gets an answer that refuses.</summary>
    public async Task<byte[]> StampAsync(byte[] query, CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            // From here on it is not given up: an openssl left behind would write over the next one's answer, and one that is killed may leave no serial number.
            await File.WriteAllBytesAsync(Path.Combine(_folder, "query.tsq"), query, CancellationToken.None);
            await RunAsync("ts -reply -queryfile query.tsq -inkey tsa.key -signer tsa.pem -chain ca.pem -config ts.cnf -section ts -out answer.tsr");
            return await File.ReadAllBytesAsync(Path.Combine(_folder, "answer.tsr"), CancellationToken.None);
        }
        finally { _turn.Release(); }
    }

    public void Dispose() => _turn.Dispose();

    private async Task RunAsync(string arguments)
    {
        using var openssl = Process.Start(new ProcessStartInfo("openssl", arguments) { WorkingDirectory = _folder, RedirectStandardError = true, RedirectStandardOutput = true })!;
        var (output, errors) = (openssl.StandardOutput.ReadToEndAsync(), openssl.StandardError.ReadToEndAsync());
        await openssl.WaitForExitAsync();
        await output;
        if (openssl.ExitCode != 0) throw new InvalidOperationException($"openssl {arguments}: {await errors}");
    }
}
