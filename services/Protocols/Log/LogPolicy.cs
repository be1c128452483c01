namespace Tendering.Protocols;

/// <summary>Whose signatures make a checkpoint count: the logs' and those of enough witnesses. Read and written as C2SP tlog-policy.</summary>
public sealed class LogPolicy
{
    public const int LinesMax = 1000;
    private const string NoQuorum = "none";
    private readonly Dictionary<string, NoteKey> witnesses = [];
    private readonly Dictionary<string, (int Needed, string[] Members)> groups = [];
    private readonly List<NoteKey> logs = [];
    private string? quorum;

    private LogPolicy()
    {
    }

    public IReadOnlyList<NoteKey> Logs => logs;

    public IReadOnlyCollection<NoteKey> Witnesses => witnesses.Values;

    /// <summary>One log, and any <paramref name="needed"/> of these witnesses (0: none).</summary>
    public static LogPolicy Of(NoteKey log, IReadOnlyList<NoteKey> witnesses, int needed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(needed);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(needed, witnesses.Count);
        var names = witnesses.Select((_, i) => $"w{i + 1}").ToArray();
        var lines = witnesses.Select((key, i) => $"witness {names[i]} {key}").Prepend($"log {log}");
        return Parse(string.Join('\n', needed == 0 ? [.. lines, "quorum none"] : [.. lines, $"group quorum {needed} {string.Join(' ', names)}", "quorum quorum"]) + "\n");
    }

    /// <summary>Reads the lines log, witness, group and quorum; unknown words, names used twice or before they are defined are refused with a <see cref="LogFormatException"/>.</summary>
    public static LogPolicy Parse(string text)
    {
        var policy = new LogPolicy();
        var lines = text.Split('\n');
        foreach (var (line, number) in lines.Select((line, i) => (line, i + 1)))
        {
            var words = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (lines.Length > LinesMax || (words.Length > 0 && !words[0].StartsWith('#') && !policy.Read(words)))
            {
                throw new LogFormatException("policy.malformed", $"Line {number} of the policy is not understood.");
            }
        }

        return policy.quorum is not null ? policy : throw new LogFormatException("policy.quorum", "The policy has no quorum line.");
    }

    /// <summary>Checks all signatures of the policy's keys.</summary>
    public PolicyCheck Check(SignedNote note)
    {
        var check = note.Check([.. logs, .. witnesses.Values]);
        var log = check.Good.Select(signature => signature.Key).FirstOrDefault(key => logs.Contains(key) && note.Text.StartsWith(key.Name + "\n", StringComparison.Ordinal));
        var cosigned = check.Good.Where(signature => witnesses.ContainsValue(signature.Key)).ToArray();
        return new PolicyCheck(log, cosigned, check.Wrong, IsMet(quorum!, [.. cosigned.Select(signature => signature.Key)]));
    }

    private bool Read(string[] words) => words switch
    {
        ["log", var key, ..] when words.Length <= 3 => NoteKey.TryParse(key) is { } log && !logs.Contains(log) && Add(log),
        ["witness", var name, var key, ..] when words.Length <= 4 => IsNew(name) && NoteKey.TryParse(key) is { } witness && !witnesses.ContainsValue(witness) && witnesses.TryAdd(name, witness),
        ["group", var name, var count, .. var members] => members.Length > 0 && IsNew(name) && members.All(IsFree) && members.Distinct().Count() == members.Length
            && (count == "any" ? 1 : count == "all" ? members.Length : LogText.Number(count)) is { } needed && needed >= 1 && needed <= members.Length
            && groups.TryAdd(name, ((int)needed, members)),
        ["quorum", var name] => quorum is null && (name == NoQuorum || !IsNew(name)) && (quorum = name) is not null,
        _ => false,
    };

    private bool Add(NoteKey log)
    {
        logs.Add(log);
        return true;
    }

    private bool IsNew(string name) => name != NoQuorum && !witnesses.ContainsKey(name) && !groups.ContainsKey(name);

    // Defined, and a member of no other group: one signature counts once.
    private bool IsFree(string name) => name != NoQuorum && !IsNew(name) && !groups.Values.Any(group => group.Members.Contains(name));

    private bool IsMet(string name, IReadOnlyCollection<NoteKey> cosigned)
        => name == NoQuorum
            || (witnesses.TryGetValue(name, out var witness) ? cosigned.Contains(witness) : groups[name] is var (needed, members) && members.Count(member => IsMet(member, cosigned)) >= needed);
}

/// <summary>What a policy says of a checkpoint: the log that signed it, the witnesses that did, wrong signatures of known keys, and whether the witnesses are enough.</summary>
public sealed record PolicyCheck(NoteKey? Log, IReadOnlyList<GoodSignature> Cosigned, IReadOnlyList<NoteKey> Wrong, bool Quorum)
{
    public bool IsGood => Log is not null && Wrong.Count == 0 && Quorum;
}
