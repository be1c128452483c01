using System.Text;
using Tendering.Contracts.ExpertSelection;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.ExpertSelection.Domain;

/// <summary>The seats of a draw, taken in the order of its sequence: who is invited, answers, and is replaced.</summary>
public sealed partial class Draw
{
    public void Accept(Guid expert, string signingKey, DateTimeOffset now)
    {
        var seat = OpenSeatOf(expert, now);
        Rule.Require(Seats.All(s => s.SigningKey != signingKey), "signing-key-used", "Each member signs with a key of its own: make a new one.");
        seat.Accept(signingKey, now);
        Say(new ExpertAccepted(TenderId, LotId, Id, expert, now));
        if (Seats.Count(s => s.Stage == SeatStage.Accepted) == Requested) Move(DrawStage.Ready);
        NextDueAt = NextAnswerBy();
    }

    public void Decline(Guid expert, string reason, DateTimeOffset now) => GiveUp(OpenSeatOf(expert, now), SeatStage.Declined, reason, now);

    private IEnumerable<Seat> Walked => Seats.OrderBy(s => s.Position);
    private IEnumerable<Seat> Open => Walked.Where(s => s.Stage == SeatStage.Invited);

    // Step 5: the first of the sequence are invited.
    private void Choose(DateTimeOffset now)
    {
        Move(DrawStage.Inviting);
        RevealBy = null;
        foreach (var selection in Sequence().Take(Requested)) Invite(selection, now);
        var record = Record()!.Canonical();
        Write(new DrawSteps.Drawn("committee-drawn", Id, Round, HexText.Sha256(record), now));
        Say(new CommitteeDrawn(TenderId, LotId, Id, Round, Encoding.UTF8.GetString(record), [.. Walked.Select(s => s.ExpertId)], now));
        NextDueAt = NextAnswerBy();
    }

    private void GiveUp(Seat seat, SeatStage how, string reason, DateTimeOffset now)
    {
        seat.GiveUp(how, reason, now);
        // Nobody chooses the replacement: it is the next index of the same sequence.
        var next = Sequence().Skip(Seats.Count).FirstOrDefault();
        if (next is null)
        {
            Fail(Exhausted, now);
            return;
        }
        var replacement = Invite(next, now);
        Say(new ExpertReplaced(TenderId, LotId, Id, seat.ExpertId, replacement.ExpertId, next.Index, $"{Words(how)}: {reason}", now));
        NextDueAt = NextAnswerBy();
    }

    private Seat Invite(Selection selection, DateTimeOffset now)
    {
        var seat = new Seat
        {
            Position = Seats.Count + 1, Index = selection.Index, PoolNumber = selection.PoolNumber, ExpertId = Pool.Single(l => l.Number == selection.PoolNumber).ExpertId,
            InvitedAt = now, AnswerBy = now + AnswerTime,
        };
        Seats.Add(seat);
        return seat;
    }

    private IEnumerable<Selection> Sequence()
    {
        var output = Ecvrf.ProofToHash(Convert.FromHexString(Proof!))!;
        var reveals = Party.All.Select(name => InRound.Single(p => p.Name == name).Reveal).OfType<string>().Select(Convert.FromHexString);
        return ExpertDraw.Sequence(ExpertDraw.Seed(output, [.. reveals]), PoolSize);
    }

    private Seat OpenSeatOf(Guid expert, DateTimeOffset now)
    {
        var seat = Seats.SingleOrDefault(s => s.ExpertId == expert).Or404("invitation");
        Rule.Require(seat.Stage == SeatStage.Invited, "already-answered", $"This invitation is {Words(seat.Stage)}.");
        Rule.Require(Stage == DrawStage.Inviting, "invitation-over", "The draw has ended without a committee: there is nothing left to answer.");
        Rule.Require(now < seat.AnswerBy, "answer-too-late", $"The answer was due by {seat.AnswerBy:u}; the seat goes to the next of the sequence.");
        return seat;
    }

    private DateTimeOffset? NextAnswerBy() => Stage == DrawStage.Inviting ? Open.Min(s => (DateTimeOffset?)s.AnswerBy) : null;
}
