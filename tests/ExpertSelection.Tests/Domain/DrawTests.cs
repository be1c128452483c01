using System.Collections.Frozen;
using System.Security.Cryptography;
using Tendering.ExpertSelection.Domain;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.ExpertSelection.Tests.Domain;

public class DrawTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 2, 1, 0, 0, TimeSpan.Zero);
    private static readonly byte[] VrfKey = Ecvrf.GeneratePrivateKey();

    [Fact]
    public void Only_the_moves_of_the_table_are_there()
    {
        Assert.Equal(7, Draw.Moves.Count);
        Assert.DoesNotContain(Draw.Moves, m => m.From is DrawStage.Ready or DrawStage.Failed);
        Assert.DoesNotContain(Draw.Moves, m => m.To == DrawStage.Ready && m.From != DrawStage.Inviting);
    }

    [Fact]
    public void Reveals_do_not_open_before_the_third_commitment()
    {
        var (draw, _) = Committed(2);
        var refused = Assert.Throws<RuleBrokenException>(() => draw.OpenReveals(VrfKey, Now));
        Assert.Equal("commitments-missing", refused.Code);
    }

    [Fact]
    public void A_ready_draw_does_not_fail_any_more()
    {
        var draw = Drawn(out _);
        foreach (var seat in draw.Seats.ToList()) draw.Accept(seat.ExpertId, Scene.NewSigningKey(), Now);
        Assert.Equal("illegal-move", Assert.Throws<RuleBrokenException>(() => draw.Fail(Draw.LotHasFailed, Now)).Code);
    }

    [Fact]
    public void A_reveal_at_the_last_moment_is_late()
    {
        var (draw, bytes) = Committed(3);
        draw.OpenReveals(VrfKey, Now);
        Assert.Equal("reveal-too-late", Assert.Throws<RuleBrokenException>(() => draw.Reveal(Party.Centre, bytes[Party.Centre], Now + DrawTimes.Default.Reveal)).Code);
        draw.Reveal(Party.Centre, bytes[Party.Centre], Now + DrawTimes.Default.Reveal - TimeSpan.FromTicks(1));
    }

    [Fact]
    public void An_answer_at_the_last_moment_is_late()
    {
        var draw = Drawn(out _);
        var seat = draw.Seats[0];
        Assert.Equal("answer-too-late", Assert.Throws<RuleBrokenException>(() => draw.Accept(seat.ExpertId, Scene.NewSigningKey(), seat.AnswerBy)).Code);
        Assert.Equal("answer-too-late", Assert.Throws<RuleBrokenException>(() => draw.Decline(seat.ExpertId, "late", seat.AnswerBy)).Code);
    }

    [Fact]
    public void However_experts_answer_the_record_holds_and_the_committee_is_the_sequence_without_those_passed_over()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        for (var run = 0; run < 6; run++)
        {
            var draw = Drawn(out var pool, size: 5 + random.Next(15), requested: 3);
            while (draw.Stage == DrawStage.Inviting)
            {
                var open = draw.Seats.Where(s => s.Stage == SeatStage.Invited).ToList();
                var seat = open[random.Next(open.Count)];
                if (random.Next(2) == 0) draw.Accept(seat.ExpertId, Scene.NewSigningKey(), Now);
                else draw.Decline(seat.ExpertId, "no time", Now);
            }
            Assert.True(ExpertDraw.Verify(draw.Record()!, pool).Count == 0, $"seed {seed}");
            Assert.True(draw.Seats.Select(s => s.Position).SequenceEqual(Enumerable.Range(1, draw.Seats.Count)), $"seed {seed}");
            Assert.True(draw.Seats.Count(s => s.Stage == SeatStage.Accepted) == 3 || draw.Stage == DrawStage.Failed, $"seed {seed}");
            Assert.True(draw.Stage != DrawStage.Failed || draw.Seats.Count == draw.PoolSize, $"seed {seed}");
        }
    }

    [Fact]
    public void A_line_of_the_pool_tells_a_stranger_nothing_and_its_expert_everything()
    {
        var expert = Person();
        var (first, second) = (Pool.Of([expert], Nobody), Pool.Of([expert], Nobody));
        Assert.NotEqual(first.Hash, second.Hash);
        Assert.True(first.Lines[0].Entry.IsOf(expert.Id, first.Lines[0].Salt));
        Assert.False(first.Lines[0].Entry.IsOf(expert.Id, second.Lines[0].Salt));
    }

    [Fact]
    public void The_pool_is_numbered_in_one_order_whatever_the_database_gives()
    {
        Expert[] experts = [.. Enumerable.Range(0, 20).Select(_ => Person())];
        var seed = Random.Shared.Next();
        var shuffled = experts.ToArray();
        new Random(seed).Shuffle(shuffled);
        Assert.True(Pool.Of(experts, Nobody).Lines.Select(l => l.ExpertId).SequenceEqual(Pool.Of(shuffled, Nobody).Lines.Select(l => l.ExpertId)), $"seed {seed}");
    }

    private static Recusal Nobody { get; } = new(FrozenSet<string>.Empty, FrozenSet<string>.Empty, FrozenSet<string>.Empty, FrozenSet<string>.Empty);

    private static Expert Person() => new()
    {
        PersonId = Guid.CreateVersion7(), Name = "N", Specialty = "s", Employer = "E", EmployerCode = Scene.NewCode(), District = "d", YearsInField = 9, SeniorTitle = true,
        EnteredBy = Guid.Empty, EnteredAt = Now,
    };

    private static (Draw Draw, Dictionary<string, string> Bytes) Committed(int parties, int size = 8, int requested = 3)
    {
        var terms = new LotTerms("cn-tendering", "s", requested, Guid.NewGuid(), "A", Guid.NewGuid(), "T");
        var pool = Pool.Of(Enumerable.Range(0, size).Select(_ => Person()), Nobody);
        var draw = Draw.Freeze(new Lot { Id = Guid.NewGuid(), TenderId = Guid.NewGuid() }, terms, pool, "committee", HexText.Encode(Ecvrf.PublicKey(VrfKey)), DrawTimes.Default, Now);
        var bytes = new Dictionary<string, string>();
        foreach (var party in Party.All.Take(parties))
        {
            var random = RandomNumberGenerator.GetBytes(32);
            bytes[party] = HexText.Encode(random);
            draw.Commit(party, Guid.NewGuid(), ExpertDraw.Commitment(random), Now);
        }
        return (draw, bytes);
    }

    private static Draw Drawn(out PoolEntry[] pool, int size = 8, int requested = 3)
    {
        var (draw, bytes) = Committed(3, size, requested);
        pool = [.. draw.Pool.Select(l => l.Entry)];
        draw.OpenReveals(VrfKey, Now);
        foreach (var party in Party.All) draw.Reveal(party, bytes[party], Now);
        return draw;
    }
}
