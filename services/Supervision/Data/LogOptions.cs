using System.Globalization;
using Tendering.Protocols;

namespace Tendering.Supervision.Data;

/// <summary>A witness that is asked to cosign: where, and the key that its cosignature must be of.</summary>
public sealed record Witness(NoteKey Key, Uri Address);

/// <summary>The log's settings: <c>Log:Origin</c>, <c>Log:Every</c>, <c>Log:Witnesses:N:Url</c> and <c>:Key</c>, <c>Log:WitnessesNeeded</c>, <c>Log:WitnessesAlarmAfter</c>, <c>Log:TimestampAuthority</c>, <c>Log:TimestampEvery</c>.</summary>
/// <param name="Every">The beat on which turns come: at each when a public event waits, else at every fourth. A turn that depended on secret events would tell of them.</param>
/// <param name="Needed">How many of the witnesses must have cosigned a checkpoint before it is published.</param>
/// <param name="AlarmAfter">How long too few may cosign before that is an alarm.</param>
public sealed record LogOptions(string Origin, TimeSpan Every, IReadOnlyList<Witness> Witnesses, int Needed, TimeSpan AlarmAfter, Uri? TimestampAuthority, TimeSpan TimestampEvery)
{
    private static readonly TimeSpan EveryDefault = TimeSpan.FromMilliseconds(500), EveryMin = TimeSpan.FromMilliseconds(50), EveryMax = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TimestampEveryDefault = TimeSpan.FromDays(1), TimestampEveryMin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AlarmAfterDefault = TimeSpan.FromSeconds(30), AlarmAfterMin = TimeSpan.FromSeconds(1), AlarmAfterMax = TimeSpan.FromMinutes(10);

    public static LogOptions From(IConfiguration configuration)
    {
        var origin = configuration["Log:Origin"] ?? "tendering.invalid/log";
        if (!NoteKey.IsName(origin)) throw Wrong("Origin", "a name without white space and '+': the log's address without its scheme");
        var every = Time(configuration, "Every", EveryDefault, EveryMin, EveryMax);
        var alarmAfter = Time(configuration, "WitnessesAlarmAfter", AlarmAfterDefault, AlarmAfterMin, AlarmAfterMax);
        Witness[] witnesses = [.. configuration.GetSection("Log:Witnesses").GetChildren().Select(WitnessOf)];
        if (witnesses.DistinctBy(w => w.Key.Name).Count() < witnesses.Length) throw Wrong("Witnesses", "different names");
        var needed = int.TryParse(configuration["Log:WitnessesNeeded"] ?? "0", NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;
        if (needed < 0 || needed > witnesses.Length) throw Wrong("WitnessesNeeded", $"a number from 0 to {witnesses.Length}, the witnesses there are");
        return new LogOptions(origin, every, witnesses, needed, alarmAfter, configuration["Log:TimestampAuthority"] is { Length: > 0 } authority ? Address("TimestampAuthority", authority) : null,
            Time(configuration, "TimestampEvery", TimestampEveryDefault, TimestampEveryMin, TimestampEveryDefault));
    }

    private static Witness WitnessOf(IConfigurationSection witness)
    {
        var key = NoteKey.TryParse(witness["Key"]);
        return key?.Kind == NoteKeyKind.EcdsaCosignature ? new Witness(key, Address($"{witness.Key}:Url", witness["Url"])) : throw Wrong($"Witnesses:{witness.Key}:Key", "a witness's verifier key: name+id+base64");
    }

    private static Uri Address(string name, string? text) => Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" ? address : throw Wrong(name, "an http or https address");

    private static TimeSpan Time(IConfiguration configuration, string name, TimeSpan usual, TimeSpan min, TimeSpan max) => configuration["Log:" + name] is not { } text ? usual
        : TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) && time >= min && time <= max ? time : throw Wrong(name, $"a time from {min} to {max}");

    private static InvalidOperationException Wrong(string name, string should) => new($"Log:{name} must be {should}.");
}
