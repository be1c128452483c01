using Tendering.Escrow.Domain;

namespace Tendering.Escrow.Tests.Domain;

public class PaymentTests
{
    private static readonly DateTimeOffset Deadline = new(2026, 3, 12, 1, 0, 0, TimeSpan.Zero);

    private readonly Lot _lot = new()
    {
        Id = Guid.CreateVersion7(), TenderId = Guid.CreateVersion7(), TenderNumber = "T", Number = 1, RuleSet = "cn-tendering", Currency = "CNY", Deposit = 100, BidDeadline = Deadline,
    };

    private readonly BasicAccount _basic = new() { Id = Guid.CreateVersion7(), Number = "6222 0001", Name = "Builders", RegisteredAt = Deadline };
    private readonly SubAccount _bidder = new() { TenderId = Guid.CreateVersion7(), LotId = Guid.CreateVersion7(), BidderId = Guid.CreateVersion7(), BidderName = "Builders" };

    public PaymentTests() => _bidder.Open(_lot, "88", Deadline);

    private static Payment Good => new("B1", "88", 100, "CNY", "62220001", "Builders", Deadline.AddTicks(-1));

    private Judgement Judge(Payment payment, bool isSecured = false) => payment.Judge(_lot, _bidder, _basic, isSecured);

    [Fact]
    public void The_deposit_is_secured() => Assert.Equal(Judgement.Secured, Judge(Good));

    [Fact]
    public void Where_several_grounds_apply_the_first_is_named()
    {
        // Everything is wrong at once; one after the other is put right.
        var payment = Good with { Amount = 99, Currency = "USD", PayerAccount = "1", BookedAt = Deadline };
        _lot.FailedAt = Deadline;
        Assert.Equal("deposit-unknown-account", payment.Judge(null, null, null, true).Code);
        Assert.Equal("deposit-wrong-currency", Judge(payment, true).Code);
        payment = payment with { Currency = "CNY" };
        Assert.Equal("deposit-wrong-payer", Judge(payment, true).Code);
        payment = payment with { PayerAccount = "6222 0001" };
        Assert.Equal("deposit-lot-ended", Judge(payment, true).Code);
        _lot.FailedAt = null;
        Assert.Equal("deposit-too-late", Judge(payment, true).Code);
        payment = payment with { BookedAt = Deadline.AddTicks(-1) };
        Assert.Equal("deposit-paid-twice", Judge(payment, true).Code);
        Assert.Equal("deposit-too-small", Judge(payment).Code);
        Assert.Equal("deposit-too-large", Judge(payment with { Amount = 101 }).Code);
    }
}
