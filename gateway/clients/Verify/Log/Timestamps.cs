using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Tendering.Protocols;

namespace Tendering.Verify.Log;

/// <summary>Says what a time-stamp over a checkpoint is worth.</summary>
public static class Timestamps
{
    public static void Check(Report report, string name, Checkpoint stamped, byte[] token, X509Certificate2Collection? roots)
    {
        var check = CheckpointTimestamp.Verify(stamped, token, roots ?? []);
        var time = check.Time is { } at ? string.Create(CultureInfo.InvariantCulture, $"{at.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC") : "";
        switch (check.Verdict)
        {
            case TimestampVerdict.Good:
                report.Good("timestamp", $"The checkpoint of {stamped.Size} entries was stamped on {time} by {check.Authority!.Subject}.");
                break;
            case TimestampVerdict.AuthorityNotTrusted when roots is null:
                report.Unchecked("timestamp", $"The time-stamp {name} says {time} and is whole, but no authorities were named that one trusts (--timestamp-roots).");
                break;
            default:
                report.Bad("timestamp", $"The time-stamp {name} does not hold: {Words(check.Verdict)}.");
                break;
        }
    }

    private static string Words(TimestampVerdict verdict) => verdict switch
    {
        TimestampVerdict.Malformed => "it is no RFC 3161 token",
        TimestampVerdict.OtherText => "it stamps something else",
        TimestampVerdict.SignatureWrong => "its signature is wrong",
        _ => "its authority is not one that is trusted",
    };
}
