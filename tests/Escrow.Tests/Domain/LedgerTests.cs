using Tendering.Escrow.Domain;

namespace Tendering.Escrow.Tests.Domain;

public class LedgerTests
{
    private static readonly RandomTransfers World = new();
    private static readonly Guid Bank = World.Accounts[0].Id, Held = World.Accounts[1].Id, Sub = World.Accounts[3].Id, Other = World.Accounts[4].Id, Dollars = World.Accounts[7].Id;

    private LedgerState _state = StateOf(World.Accounts);
    private DateTimeOffset _now = World.Now;

    private static LedgerState StateOf(IEnumerable<Account> accounts) => accounts.Aggregate(LedgerState.Empty, (state, a) => state with
    {
        Accounts = state.Accounts.Add(a.Id, a), Balances = a.IsSystem ? state.Balances : state.Balances.Add(a.Id, default),
    });

    private IEnumerable<string?> Book(params Transfer[] batch)
    {
        var decision = Ledger.Decide(_state, batch, _now);
        _state = decision.After;
        return [.. decision.Verdicts.Select(v => v.Refusal)];
    }

    private static Transfer Fund(long amount) => Transfer.Of(Guid.CreateVersion7(), Bank, Sub, amount, "fund", "r");
    private static Transfer Hold(long amount, int timeOut = 0) => Transfer.Pending(Guid.CreateVersion7(), Sub, Held, amount, "hold", "r", timeOut);

    private void Refused(string refusal, Transfer transfer)
    {
        var before = _state;
        Assert.Equal([refusal], Book(transfer));
        Assert.Same(before, _state);
    }

    [Fact]
    public void A_limit_counts_what_is_held()
    {
        Assert.Equal([null, null], Book(Fund(100), Hold(60)));
        Refused(Refusals.ExceedsCredits, Hold(41));
        Refused(Refusals.ExceedsCredits, Transfer.Of(Guid.CreateVersion7(), Sub, Other, 41, "x", "r"));
        Assert.Equal([null], Book(Transfer.Of(Guid.CreateVersion7(), Sub, Other, 40, "x", "r")));
        Assert.Equal(new Balance(40, 100, 60, 0), _state.Balances[Sub]);
    }

    [Fact]
    public void A_hold_is_posted_in_part_and_the_rest_is_free_again()
    {
        var hold = Hold(60);
        Assert.Equal([null, null, null], Book(Fund(100), hold, Transfer.Post(Guid.CreateVersion7(), hold.Id, 25, "post", "r")));
        Assert.Equal(new Balance(25, 100, 0, 0), _state.Balances[Sub]);
    }

    [Fact]
    public void A_hold_is_settled_at_most_once()
    {
        var (posted, voided) = (Hold(10), Hold(10));
        Book(Fund(100), posted, voided, Transfer.Post(Guid.CreateVersion7(), posted.Id, null, "post", "r"), Transfer.Void(Guid.CreateVersion7(), voided.Id, "void", "r"));
        foreach (var again in new Func<Guid, Transfer>[] { id => Transfer.Post(Guid.CreateVersion7(), id, 1, "post", "r"), id => Transfer.Void(Guid.CreateVersion7(), id, "void", "r") })
        {
            Refused(Refusals.PendingPosted, again(posted.Id));
            Refused(Refusals.PendingVoided, again(voided.Id));
        }
        Assert.Equal(new Balance(10, 100, 0, 0), _state.Balances[Sub]);
    }

    [Fact]
    public void A_hold_with_a_time_out_can_be_settled_until_then_and_from_then_on_only_expires()
    {
        var (inTime, late, forEver) = (Hold(10, 60), Hold(20, 60), Hold(5));
        Book(Fund(100), inTime, late, forEver);
        _now = _now.AddSeconds(60).AddTicks(-1);
        Refused(Refusals.PendingNotDue, Transfer.Expire(Guid.CreateVersion7(), late.Id, "x", "r"));
        Assert.Equal([null], Book(Transfer.Post(Guid.CreateVersion7(), inTime.Id, null, "post", "r")));
        _now = _now.AddTicks(1);
        Refused(Refusals.PendingExpired, Transfer.Post(Guid.CreateVersion7(), late.Id, 1, "post", "r"));
        Refused(Refusals.PendingExpired, Transfer.Void(Guid.CreateVersion7(), late.Id, "void", "r"));
        Refused(Refusals.PendingPosted, Transfer.Expire(Guid.CreateVersion7(), inTime.Id, "x", "r"));
        Refused(Refusals.PendingNotDue, Transfer.Expire(Guid.CreateVersion7(), forEver.Id, "x", "r"));
        // Until the books say so its money is not free.
        Refused(Refusals.ExceedsCredits, Transfer.Of(Guid.CreateVersion7(), Sub, Other, 66, "x", "r"));
        var expiry = Transfer.Expire(Guid.CreateVersion7(), late.Id, "x", "r");
        Assert.Equal([null, null], Book(expiry, expiry));
        Refused(Refusals.PendingExpired, Transfer.Post(Guid.CreateVersion7(), late.Id, 1, "post", "r"));
        Refused(Refusals.PendingExpired, Transfer.Expire(Guid.CreateVersion7(), late.Id, "x", "r"));
        Assert.Equal(new Balance(10, 100, 5, 0), _state.Balances[Sub]);
    }

    [Fact]
    public void Linked_transfers_stand_or_fall_together()
    {
        Book(Fund(100));
        var before = _state;
        Assert.Equal([Refusals.LinkedFailed, Refusals.ExceedsCredits, Refusals.LinkedFailed, null],
            Book(Hold(60).Linked(), Hold(60).Linked(), Fund(5), Fund(1)));
        Assert.Equal(before.Balances[Sub] with { Credits = 101 }, _state.Balances[Sub]);
        Assert.Equal([Refusals.LinkedFailed, Refusals.LinkedOpen], Book(Fund(1).Linked(), Fund(1).Linked()));
        var (first, second) = (Fund(1), Fund(2));
        Assert.Equal([null, null], Book(first.Linked(), second));
        Assert.Equal([null, null], Book(first.Linked(), second));
        Assert.Equal([Refusals.LinkedFailed, Refusals.LinkedPartly], Book(first.Linked(), Fund(3)));
        Assert.Equal([Refusals.ExistsOtherChain], Book(second));
        Assert.Equal([Refusals.ExistsOtherLink], Book(first));                                   // half of it is not it
        Assert.Equal([Refusals.LinkedFailed, Refusals.ExistsOtherLink, Refusals.LinkedFailed], Book(first.Linked(), second.Linked(), Fund(1)));
    }

    [Fact]
    public void The_same_id_with_the_same_fields_is_the_same_transfer()
    {
        var transfer = Fund(100);
        Assert.False(Ledger.Decide(_state, [transfer], _now).Verdicts[0].Repeated);
        Book(transfer);
        var again = Ledger.Decide(_state, [transfer], _now);
        Assert.True(again.Verdicts[0] is { IsBooked: true, Repeated: true });
        Assert.Empty(again.Booked);
        Assert.Same(_state, again.After);
    }

    [Fact]
    public void The_same_id_with_another_field_is_refused_by_the_fields_name()
    {
        var (fund, hold, other) = (Fund(100), Hold(60), Hold(5));
        var post = Transfer.Post(Guid.CreateVersion7(), hold.Id, 20, "post", "r");
        Book(fund, hold, other, post);
        Refused(Refusals.ExistsOtherKind, fund with { Kind = TransferKind.Pending });
        Refused(Refusals.ExistsOtherDebit, fund with { DebitAccount = Held });
        Refused(Refusals.ExistsOtherDebit, fund with { DebitAccount = null });
        Refused(Refusals.ExistsOtherCredit, fund with { CreditAccount = null });
        Refused(Refusals.ExistsOtherAmount, fund with { Amount = null });
        Refused(Refusals.ExistsOtherTimeOut, hold with { TimeOut = 1 });
        Refused(Refusals.ExistsOtherKind, post with { Kind = TransferKind.Void });
        Refused(Refusals.ExistsOtherPending, fund with { PendingId = hold.Id });
        Refused(Refusals.ExistsOtherDebit, post with { DebitAccount = Other });
        Refused(Refusals.ExistsOtherCredit, post with { CreditAccount = Other });
        Refused(Refusals.ExistsOtherCredit, fund with { CreditAccount = Other });
        Refused(Refusals.ExistsOtherAmount, fund with { Amount = 99 });
        Refused(Refusals.ExistsOtherCode, fund with { Code = "y" });
        Refused(Refusals.ExistsOtherReference, fund with { Reference = "s" });
        Refused(Refusals.ExistsOtherPending, post with { PendingId = other.Id });
        Refused(Refusals.ExistsOtherAmount, post with { Amount = null });
        Assert.Equal([null], Book(post with { DebitAccount = Sub, CreditAccount = Held }));
    }

    [Fact]
    public void What_makes_no_sense_is_refused_by_name()
    {
        var hold = Hold(10);
        var fund = Fund(100);
        Book(fund, hold);
        Refused(Refusals.IdEmpty, Fund(1) with { Id = Guid.Empty });
        Refused(Refusals.TextTooLong, Fund(1) with { Reference = new string('x', Transfer.ReferenceLengthMax + 1) });
        foreach (var text in new[] { "\0", "\ud800", "\udc00\ud800" }) Refused(Refusals.TextUnstorable, Fund(1) with { Code = text });
        Refused(Refusals.TextUnstorable, Fund(1) with { Reference = "x\ud83d" });
        Refused(Refusals.TimeOutRange, Hold(1, -1));
        Refused(Refusals.TimeOutRange, Hold(1, Transfer.TimeOutMax + 1));
        Refused(Refusals.TimeOutUnwanted, Fund(1) with { TimeOut = 1 });
        Refused(Refusals.AccountsNeeded, Fund(1) with { DebitAccount = null });
        Refused(Refusals.AccountsEqual, Fund(1) with { CreditAccount = Bank });
        foreach (var amount in new long?[] { null, 0, -1, Transfer.AmountMax + 1 }) Refused(Refusals.AmountRange, Fund(1) with { Amount = amount });
        Refused(Refusals.DebitAccountNotFound, Fund(1) with { DebitAccount = Guid.CreateVersion7() });
        Refused(Refusals.CreditAccountNotFound, Fund(1) with { CreditAccount = Guid.CreateVersion7() });
        Refused(Refusals.CurrenciesDiffer, Fund(1) with { DebitAccount = Dollars });
        Refused(Refusals.PendingIdUnwanted, Fund(1) with { PendingId = hold.Id });
        Refused(Refusals.PendingIdNeeded, Transfer.Void(Guid.CreateVersion7(), hold.Id, "void", "r") with { PendingId = null });
        Refused(Refusals.PendingNotFound, Transfer.Void(Guid.CreateVersion7(), Guid.CreateVersion7(), "void", "r"));
        Refused(Refusals.PendingNotPending, Transfer.Void(Guid.CreateVersion7(), fund.Id, "void", "r"));
        Refused(Refusals.PendingExceeded, Transfer.Post(Guid.CreateVersion7(), hold.Id, 11, "post", "r"));
        Refused(Refusals.PendingOtherAmount, Transfer.Void(Guid.CreateVersion7(), hold.Id, "void", "r") with { Amount = 9 });
        Refused(Refusals.PendingOtherDebit, Transfer.Void(Guid.CreateVersion7(), hold.Id, "void", "r") with { DebitAccount = Other });
        Refused(Refusals.PendingOtherCredit, Transfer.Void(Guid.CreateVersion7(), hold.Id, "void", "r") with { CreditAccount = Other });
        Refused(Refusals.AmountRange, Transfer.Post(Guid.CreateVersion7(), hold.Id, 0, "post", "r"));
    }

    [Fact]
    public void A_sum_that_no_row_can_hold_is_refused()
    {
        var free = World.Accounts[6].Id;
        _state = _state with { Balances = _state.Balances.SetItem(free, new Balance(0, long.MaxValue - 5, 0, 0)) };
        Refused(Refusals.Overflow, Transfer.Of(Guid.CreateVersion7(), Bank, free, 6, "x", "r"));
        Assert.Equal([null], Book(Transfer.Of(Guid.CreateVersion7(), Bank, free, 5, "x", "r")));
    }

    [Fact]
    public void Whatever_is_asked_in_whatever_order_the_ledger_answers_as_the_simple_model_does()
    {
        var seen = new Dictionary<string, int>();
        RandomTransfers.ForAll(10_000, steps =>
        {
            var random = new RandomTransfers();
            var (model, state) = (new LedgerModel(random.Accounts), StateOf(random.Accounts));
            foreach (var (batch, _) in random.Batches(steps))
            {
                var decision = Ledger.Decide(state, batch, random.Now);
                Assert.Equal(model.Apply(batch, random.Now), decision.Verdicts.Select(v => v.Refusal));
                state = decision.After;
                Hold(model, state);
                foreach (var (transfer, verdict) in batch.Zip(decision.Verdicts)) Count(verdict.Refusal ?? $"{(verdict.Repeated ? "repeated" : "booked")} {transfer.Kind}");
            }
        });
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', seen.OrderByDescending(s => s.Value).Select(s => $"{s.Value,8} {s.Key}")));
        // The sequences reach what they are meant to reach.
        foreach (var kind in Enum.GetNames<TransferKind>()) Assert.True(seen.GetValueOrDefault($"booked {kind}") > 500 && seen.GetValueOrDefault($"repeated {kind}") > 50, kind);
        foreach (var refusal in new[] { Refusals.ExceedsCredits, Refusals.ExceedsDebits, Refusals.PendingPosted, Refusals.PendingVoided, Refusals.PendingExpired, Refusals.PendingNotDue, Refusals.PendingExceeded, Refusals.ExistsOtherTimeOut, Refusals.ExistsOtherLink, Refusals.LinkedFailed, Refusals.LinkedOpen, Refusals.LinkedPartly })
            Assert.True(seen.GetValueOrDefault(refusal) > 50, refusal);

        void Count(string what) => seen[what] = seen.GetValueOrDefault(what) + 1;
    }

    private static void Hold(LedgerModel model, LedgerState state)
    {
        var sums = model.Accounts.ToDictionary(a => a, a => model.BalanceOf(a.Id));
        foreach (var (account, sum) in sums)
        {
            if (!account.IsSystem) Assert.Equal(sum, state.Balances[account.Id]);
            Assert.True(sum is { Debits: >= 0, Credits: >= 0, PendingDebits: >= 0, PendingCredits: >= 0 });
            Assert.True(sum.Keeps(account.Limit));
        }
        foreach (var currency in sums.GroupBy(s => s.Key.Currency))
        {
            Assert.Equal(currency.Sum(s => s.Value.Debits), currency.Sum(s => s.Value.Credits));
            Assert.Equal(currency.Sum(s => s.Value.PendingDebits), currency.Sum(s => s.Value.PendingCredits));
        }
        // The effects that the database adds up say the same.
        foreach (var account in model.Accounts)
        {
            long Sum(Func<BookedTransfer, Guid> side, Func<BookedTransfer, long> effect) => state.Transfers.Values.Where(t => side(t) == account.Id).Sum(effect);
            Assert.Equal(sums[account], new Balance(Sum(t => t.DebitAccount, t => t.Posted), Sum(t => t.CreditAccount, t => t.Posted), Sum(t => t.DebitAccount, t => t.Held), Sum(t => t.CreditAccount, t => t.Held)));
        }
    }
}
