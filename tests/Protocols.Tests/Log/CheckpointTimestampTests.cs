using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Tendering.Protocols.Tests;

public class CheckpointTimestampTests
{
    private static readonly Checkpoint Stamped = Checkpoint.Of("example.com/log", 9, MerkleTree.LeafHash("root"u8));

    [Fact]
    public async Task A_token_of_an_openssl_authority_holds_for_its_checkpoint()
    {
        using var folder = new OpensslFolder();
        var (token, root) = await StampAsync(folder, Stamped, extendedUsage: "critical,timeStamping");
        var check = CheckpointTimestamp.Verify(Stamped, token, [root]);
        Assert.Equal(TimestampVerdict.Good, check.Verdict);
        Assert.InRange(check.Time!.Value, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(5));

        // As docs/formats/log.md tells a stranger to check it.
        folder.Write("text", Encoding.UTF8.GetBytes(Stamped.Text));
        folder.Write("token.tst", token);
        Assert.Equal(0, await folder.OpensslAsync("ts -verify -data text -in token.tst -token_in -CAfile root.pem"));

        Assert.Equal(TimestampVerdict.OtherText, CheckpointTimestamp.Verify(Checkpoint.Of("example.com/log", 10, Stamped.Root), token, [root]).Verdict);
        Assert.Equal(TimestampVerdict.AuthorityNotTrusted, CheckpointTimestamp.Verify(Stamped, token, [new TestAuthority().Root]).Verdict);
        Assert.Equal(TimestampVerdict.Malformed, CheckpointTimestamp.Verify(Stamped, [.. token, 0], [root]).Verdict);
        Assert.Equal(TimestampVerdict.Malformed, CheckpointTimestamp.Verify(Stamped, token.AsSpan(0, 100), [root]).Verdict);
        Randomness.ForAnySeed(300, random =>
        {
            var changed = token.ToArray();
            changed[random.Next(changed.Length)] ^= (byte)(1 << random.Next(8));
            var verdict = CheckpointTimestamp.Verify(Stamped, changed, [root]);
            // Not every bit of a CMS is signed; what is signed says the time and the text.
            return verdict.Verdict != TimestampVerdict.Good || verdict.Time == check.Time;
        });
    }

    [Fact]
    public async Task A_certificate_that_is_not_for_time_stamping_stamps_nothing()
    {
        using var folder = new OpensslFolder();
        var (token, root) = await StampAsync(folder, Stamped, extendedUsage: "critical,timeStamping", rootUsage: "extendedKeyUsage=clientAuth");
        Assert.Equal(TimestampVerdict.AuthorityNotTrusted, CheckpointTimestamp.Verify(Stamped, token, [root]).Verdict);
    }

    private static async Task<(byte[] Token, X509Certificate2 Root)> StampAsync(OpensslFolder folder, Checkpoint checkpoint, string extendedUsage, string rootUsage = "")
    {
        folder.Write("tsa.cnf", Encoding.ASCII.GetBytes(
            $"[tsa]\nserial=serial\ncrypto_device=builtin\nsigner_digest=sha256\ndefault_policy=1.2.3.4\ndigests=sha256\naccuracy=secs:1\nordering=yes\n[ext]\nextendedKeyUsage={extendedUsage}\n[root]\nbasicConstraints=critical,CA:true\n{rootUsage}\n[req]\ndistinguished_name=dn\n[dn]\n"));
        folder.Write("serial", "01\n"u8.ToArray());
        await Run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.pem -days 2 -subj /CN=Root -config tsa.cnf -extensions root");
        await Run("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tsa.key -out tsa.csr -subj /CN=TSA -config tsa.cnf");
        await Run("x509 -req -in tsa.csr -CA root.pem -CAkey root.key -CAcreateserial -out tsa.pem -days 1 -extfile tsa.cnf -extensions ext");
        var request = CheckpointTimestamp.Request(checkpoint);
        folder.Write("request.tsq", request.Encode());
        await Run("ts -reply -queryfile request.tsq -out reply.tsr -config tsa.cnf -section tsa -signer tsa.pem -inkey tsa.key -chain root.pem");
        return (request.ProcessResponse(folder.Read("reply.tsr"), out _).AsSignedCms().Encode(), X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(folder.Read("root.pem"))));

        async Task Run(string arguments) => Assert.Equal(0, await folder.OpensslAsync(arguments));
    }
}
