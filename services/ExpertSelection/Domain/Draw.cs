using System.Collections.Frozen;
using System.Text;
using Tendering.Contracts.ExpertSelection;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.ExpertSelection.Domain;

public enum DrawStage { Committing, Revealing, Inviting, Ready, Failed }

/// <summary>How long parties have to reveal and experts to answer; kept with each draw, so that a change does not touch those under way.</summary>
public sealed record DrawTimes(TimeSpan Reveal, TimeSpan Answer)
{
    public static DrawTimes Default { get; } = new(TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(60));
}

/// <summary>A verifiable draw of a lot's committee, from the frozen pool to the last seat taken.</summary>
public sealed partial class Draw
{
    // The whole life of a draw. A move that is not in this table is refused.
    public static readonly FrozenSet<(DrawStage From, DrawStage To)> Moves = new[]
    {
        (DrawStage.Committing, DrawStage.Revealing),
        (DrawStage.Revealing, DrawStage.Committing),        // fewer than two reveals: the round is void, a new one begins
        (DrawStage.Revealing, DrawStage.Inviting),
        (DrawStage.Inviting, DrawStage.Ready),
        (DrawStage.Inviting, DrawStage.Failed),             // the sequence is exhausted
        (DrawStage.Committing, DrawStage.Failed),           // the lot failed meanwhile, here and below
        (DrawStage.Revealing, DrawStage.Failed),
    }.ToFrozenSet();

    public const string Exhausted = "sequence-exhausted", LotHasFailed = "lot-failed";

    private readonly List<object> _happened = [];

    public Guid Id { get; private init; } = Guid.CreateVersion7();
    public required Guid TenderId { get; init; }
    public required Guid LotId { get; init; }
    public required string Purpose { get; init; }
    public required int Requested { get; init; }
    public required string PoolHash { get; init; }
    public required int PoolSize { get; init; }

    /// <summary>How many of the specialty were kept out, by reason.</summary>
    public required Dictionary<string, int> Excluded { get; init; }

    public required string VrfPublicKey { get; init; }
    public required DateTimeOffset FrozenAt { get; init; }
    public required TimeSpan RevealTime { get; init; }
    public required TimeSpan AnswerTime { get; init; }
    public int Round { get; private set; } = 1;
    public DrawStage Stage { get; private set; } = DrawStage.Committing;
    public string? CheckpointRoot { get; private set; }
    public string? Alpha { get; private set; }

    /// <summary>Kept back until the result: who knew the output before revealing could choose between two outcomes by staying silent.</summary>
    public string? Proof { get; private set; }

    public DateTimeOffset? RevealBy { get; private set; }
    public string? FailReason { get; private set; }
    public DateTimeOffset? NextDueAt { get; private set; }

    public List<PoolLine> Pool { get; } = [];
    public List<Exclusion> Exclusions { get; } = [];
    public List<Party> Parties { get; } = [];
    public List<Seat> Seats { get; } = [];
    public List<DrawLogEntry> Log { get; } = [];

    /// <summary>Step 1: the pool is fixed under its hash.</summary>
    public static Draw Freeze(Lot lot, LotTerms terms, Pool pool, string purpose, string vrfPublicKey, DrawTimes times, DateTimeOffset now)
    {
        var rule = RuleSet.Get(terms.RuleSet).Find(RuleKey.CommitteeRandom);
        Rule.Require(pool.Lines.Count >= terms.CommitteeSize, "pool-too-small",
            $"The committee needs {terms.CommitteeSize} and only {pool.Lines.Count} experts can be drawn: enter more experts of the specialty.", rule?.Id, rule?.Article);
        var draw = new Draw
        {
            TenderId = lot.TenderId, LotId = lot.Id, Purpose = $"lot {lot.Id:D}: {purpose}", Requested = terms.CommitteeSize, PoolHash = pool.Hash, PoolSize = pool.Lines.Count,
            Excluded = pool.Exclusions.GroupBy(e => e.Reason).OrderBy(g => g.Key, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count()),
            VrfPublicKey = vrfPublicKey, FrozenAt = now, RevealTime = times.Reveal, AnswerTime = times.Answer,
        };
        draw.Pool.AddRange(pool.Lines);
        draw.Exclusions.AddRange(pool.Exclusions);
        draw.BeginRound(now);
        return draw;
    }

    /// <summary>Step 2. The commitment is SHA-256 of the party's bytes; a used one is refused, since its bytes may be known.</summary>
    public void Commit(string party, Guid organisation, string commitment, DateTimeOffset now)
    {
        Rule.Require(Stage == DrawStage.Committing, "not-committing", $"The draw is {Words(Stage)}: commitments are taken before.");
        Rule.Require(InRound.All(p => p.Name != party), "already-committed", $"The {party} has committed in round {Round}; a commitment is not taken back.");
        Rule.Require(InRound.All(p => p.OrganisationId != organisation), "one-party-each", "An organisation is one party of a draw, not two.");
        Rule.Require(Parties.All(p => p.Commitment != commitment), "commitment-used", "This commitment was made before: take 32 fresh random bytes.");
        Parties.Add(new Party { Round = Round, Name = party, OrganisationId = organisation, Commitment = commitment, CommittedAt = now });
        Write(new DrawSteps.Committed("draw-committed", Id, Round, party, commitment, now));
        Say(new DrawCommitted(TenderId, LotId, Id, party, commitment, now));
    }

    public bool AllCommitted => InRound.Count() == Party.All.Count;

    /// <summary>Step 3: with all commitments in the log, the platform's random function is fixed too; it has nothing left to choose.</summary>
    public void OpenReveals(ReadOnlySpan<byte> vrfPrivateKey, DateTimeOffset now)
    {
        Rule.Require(AllCommitted, "commitments-missing", "All three parties commit before anything is revealed.");
        Move(DrawStage.Revealing);
        var root = DrawLogEntry.CheckpointRoot(Log);
        var alpha = ExpertDraw.Alpha(PoolHash, TenderId, Purpose, Round, root);
        (CheckpointRoot, Alpha, Proof) = (HexText.Encode(root), HexText.Encode(alpha), HexText.Encode(Ecvrf.Prove(vrfPrivateKey, alpha)));
        RevealBy = NextDueAt = now + RevealTime;
    }

    /// <summary>Step 4. The last reveal completes the draw.</summary>
    public void Reveal(string party, string reveal, DateTimeOffset now)
    {
        Rule.Require(Stage == DrawStage.Revealing, "not-revealing", $"The draw is {Words(Stage)}: reveals are taken after all three commitments, for {RevealTime.TotalMinutes:0} minutes.");
        Rule.Require(now < RevealBy, "reveal-too-late", $"Reveals were due by {RevealBy:u}.");
        var part = InRound.Single(p => p.Name == party);
        Rule.Require(part.Reveal is null, "already-revealed", $"The {party} has revealed.");
        Rule.Require(HexText.TryDecode(reveal, ExpertDraw.RevealLength) is { } bytes && ExpertDraw.Commitment(bytes) == part.Commitment, "reveal-differs",
            "These bytes are not what the commitment was made of.");
        part.Show(reveal, now);
        Tell(party, reveal, now);
        if (InRound.All(p => p.Reveal is not null)) Choose(now);
    }

    /// <summary>A due moment has come: parties that did not reveal are left out, experts that did not answer are passed over.</summary>
    public void ActWhenDue(DateTimeOffset now)
    {
        if (Stage == DrawStage.Revealing && now >= RevealBy) CloseReveals(now);
        foreach (var seat in Open.Where(s => s.AnswerBy <= now).ToList())
            if (Stage == DrawStage.Inviting) GiveUp(seat, SeatStage.Unreachable, "no answer in time", now);
    }

    public void Fail(string reason, DateTimeOffset now)
    {
        Move(DrawStage.Failed);
        (FailReason, NextDueAt) = (reason, null);
        Say(new DrawFailed(TenderId, LotId, Id, reason, now));
    }

    /// <summary>Everything that a stranger needs to repeat the draw, replacements included; null before anything was drawn.</summary>
    public DrawRecord? Record() => Seats.Count == 0 ? null : new DrawRecord(
        DrawRecord.VersionOne, TenderId, Purpose, Round, PoolHash, PoolSize, Requested,
        [.. Party.All.Select(name => InRound.Single(p => p.Name == name)).Select(p => new DrawParty(p.Name, p.Commitment, p.Reveal))],
        CheckpointRoot!, Alpha!, VrfPublicKey, Proof!,
        [.. Walked.Select(s => new Selection(s.Index, s.PoolNumber))],
        [.. Walked.Where(s => s.IsGivenUp).Select(s => new DrawSkip(s.Index, Words(s.Stage)))]);

    /// <summary>What happened since it was asked last, as events.</summary>
    public IReadOnlyList<object> TakeEvents()
    {
        object[] events = [.. _happened];
        _happened.Clear();
        return events;
    }

    private IEnumerable<Party> InRound => Parties.Where(p => p.Round == Round);

    private void BeginRound(DateTimeOffset now)
    {
        Write(new DrawSteps.PoolFrozen("pool-frozen", Id, TenderId, LotId, Purpose, Round, PoolHash, PoolSize, Excluded, Requested, VrfPublicKey, now));
        Say(new PoolFrozen(TenderId, LotId, Id, Round, PoolHash, PoolSize, Requested, now));
    }

    private void CloseReveals(DateTimeOffset now)
    {
        foreach (var late in Party.All.Where(name => InRound.Single(p => p.Name == name).Reveal is null)) Tell(late, null, now);
        if (InRound.Count(p => p.Reveal is not null) >= ExpertDraw.RevealsMin) Choose(now);
        else VoidRound(now);
    }

    private void VoidRound(DateTimeOffset now)
    {
        Write(new DrawSteps.RoundVoid("round-void", Id, Round, now));
        Move(DrawStage.Committing);
        (CheckpointRoot, Alpha, Proof, RevealBy, NextDueAt) = (null, null, null, null, null);
        Round++;
        BeginRound(now);
    }

    private void Tell(string party, string? reveal, DateTimeOffset now)
    {
        Write(new DrawSteps.Revealed("draw-revealed", Id, Round, party, reveal, now));
        Say(new DrawRevealed(TenderId, LotId, Id, party, reveal, now));
    }

    private void Write<T>(T step) => Log.Add(new DrawLogEntry { Number = Log.Count + 1, Text = Encoding.UTF8.GetString(CanonicalJson.Serialize(step)) });

    private void Say(object happened) => _happened.Add(happened);

    private void Move(DrawStage next)
    {
        Rule.Require(Moves.Contains((Stage, next)), "illegal-move", $"A draw that is {Words(Stage)} cannot become {Words(next)}.");
        Stage = next;
    }

    private static string Words<T>(T stage) where T : struct, Enum => stage.ToString().ToLowerInvariant();
}
