using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Tests.Domain;

public class DepositTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 2, 1, 0, 0, TimeSpan.Zero);

    private static readonly Lot Lot = new()
    {
        Id = Guid.CreateVersion7(), TenderId = Guid.CreateVersion7(), TenderNumber = "T", Number = 1, RuleSet = "cn-tendering", Currency = "CNY", Deposit = 100, BidDeadline = Now,
    };

    private static Deposit At(DepositStage stage)
    {
        var bidder = new SubAccount { TenderId = Guid.CreateVersion7(), LotId = Guid.CreateVersion7(), BidderId = Guid.CreateVersion7(), BidderName = "Builders" };
        var deposit = Deposit.Secure(bidder, new Payment("B1", "88", 100, "CNY", "6222", "Builders", Now), Now);
        if (stage is DepositStage.Released or DepositStage.Refunded) deposit.Release("lot-failed", Now, null, Now);
        if (stage == DepositStage.Refunded) deposit.ConfirmRefund(100, Now, Lot);
        if (stage == DepositStage.Undone) deposit.Undo();
        if (stage == DepositStage.Forfeited) deposit.Forfeit(40, "D1", new string('0', 64), Now, Now);
        return deposit;
    }

    public static TheoryData<DepositStage, DepositStage> Pairs =>
        [.. from a in Enum.GetValues<DepositStage>() from b in new[] { DepositStage.Released, DepositStage.Refunded, DepositStage.Forfeited, DepositStage.Undone } select (a, b)];

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Only_the_moves_of_the_table_are_made(DepositStage from, DepositStage to)
    {
        var deposit = At(from);
        Assert.Equal(from, deposit.Stage);
        Action move = to switch
        {
            DepositStage.Released => () => deposit.Release("x", Now, null, Now),
            DepositStage.Refunded => () => deposit.ConfirmRefund(100, Now, Lot),
            DepositStage.Undone => deposit.Undo,
            _ => () => deposit.Forfeit(1, "D", "h", Now, Now),
        };
        if (Deposit.Moves.Contains((from, to)))
        {
            move();
            Assert.Equal(to, deposit.Stage);
        }
        else Assert.Equal("illegal-move", Assert.Throws<RuleBrokenException>(move).Code);
    }

    [Fact]
    public void What_a_part_forfeit_leaves_is_refunded_once_and_the_deposit_stays_forfeited()
    {
        var deposit = At(DepositStage.Forfeited);
        deposit.ConfirmRefund(60, Now, Lot);
        Assert.Equal((DepositStage.Forfeited, 40, 60), (deposit.Stage, deposit.Forfeited, deposit.Refunded));
        Assert.Equal("illegal-move", Assert.Throws<RuleBrokenException>(() => deposit.ConfirmRefund(60, Now, Lot)).Code);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(101)]
    public void No_more_than_the_deposit_is_forfeited(long amount) =>
        Assert.Equal("forfeiture-exceeds-deposit", Assert.Throws<RuleBrokenException>(() => At(DepositStage.Secured).Forfeit(amount, "D", "h", Now, Now)).Code);
}
