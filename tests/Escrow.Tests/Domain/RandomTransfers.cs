using FsCheck;
using FsCheck.Fluent;
using Tendering.Escrow.Domain;

namespace Tendering.Escrow.Tests.Domain;

/// <summary>One step of a random sequence, in bytes that mean something only in <see cref="RandomTransfers"/>; so sequences shrink by themselves.</summary>
public sealed record Step(byte What, byte Id, byte Debit, byte Credit, byte Amount, byte Pending, byte Linked, byte Ends, byte Fault);

/// <summary>Turns random steps into batches of transfers over few accounts and few ids, so that limits, repeats and settlements meet often.</summary>
public sealed class RandomTransfers
{
    private readonly string _run = Guid.NewGuid().ToString("N");
    private readonly List<Transfer> _sent = [];

    public RandomTransfers() => Accounts =
    [
        Account("bank", AccountLimit.None, isSystem: true), Account("held", AccountLimit.None, isSystem: true), Account("transit", AccountLimit.None, isSystem: true),
        Account("a", AccountLimit.DebitsWithinCredits), Account("b", AccountLimit.DebitsWithinCredits), Account("c", AccountLimit.CreditsWithinDebits), Account("free", AccountLimit.None),
        Account("dollars", AccountLimit.None, "USD", isSystem: true),
    ];

    public IReadOnlyList<Account> Accounts { get; }

    /// <summary>Goes on from batch to batch, so that holds expire.</summary>
    public DateTimeOffset Now { get; private set; } = new(2026, 3, 2, 1, 0, 0, TimeSpan.Zero);

    public IEnumerable<(IReadOnlyList<Transfer> Batch, Step Last)> Batches(IEnumerable<Step> steps)
    {
        var batch = new List<Transfer>();
        Step? last = null;
        foreach (var step in steps)
        {
            batch.Add(TransferOf(step));
            last = step;
            if (step.Ends % 3 != 0 || (batch[^1].LinkedToNext && step.Ends % 9 != 0)) continue;
            yield return (batch, step);
            Now = Now.AddSeconds(2);
            batch = [];
        }
        if (batch.Count > 0) yield return (batch, last!);
    }

    private Transfer TransferOf(Step step)
    {
        // Some steps say again what was said before, word for word, alone or with those it was said with.
        if (step.What % 14 >= 12 && _sent.Count > 0)
        {
            var again = _sent[step.Id % _sent.Count];
            return (step.Fault % 16) switch { 3 => again with { LinkedToNext = !again.LinkedToNext }, 4 => again with { TimeOut = again.TimeOut + 1 }, _ => again };
        }
        var amount = step.Amount % 25 == 24 ? -(step.Amount % 2) : 1 + step.Amount % 24;
        var (id, pending) = (IdOf(step), PendingOf(step));
        var transfer = (step.What % 14) switch
        {
            0 or 1 => Transfer.Of(id, AccountOf(step.Debit), AccountOf(step.Credit), amount, "move", "r"),
            2 => Transfer.Of(id, Accounts[0].Id, Accounts[3 + step.Credit % 4].Id, amount, "fund", "r"),
            3 => Transfer.Of(id, Accounts[5].Id, Accounts[1].Id, amount, "fund", step.Fault % 8 == 0 ? "other" : "r"),
            4 or 5 => Transfer.Pending(id, AccountOf(step.Debit), AccountOf(step.Credit), amount, step.Fault % 8 == 0 ? "other" : "hold", "r", step.Fault % 2 == 0 ? 1 + step.Fault / 2 % 3 : 0),
            6 or 7 => Transfer.Post(id, pending, step.Amount % 2 == 0 ? null : amount, "post", "r"),
            8 or 9 when _sent.Exists(t => t.Kind == TransferKind.Pending && t.TimeOut > 0) => Transfer.Expire(id, PendingOf(step, t => t.TimeOut > 0), "expire", "r"),
            _ => Transfer.Void(id, pending, "void", "r") with { Amount = step.Amount % 16 == 0 ? amount : null },
        };
        if (step.Linked % 5 == 0) transfer = transfer.Linked();
        _sent.Add(transfer);
        return transfer;
    }

    // Mostly a new id; sometimes that of an earlier transfer, for something else.
    private Guid IdOf(Step step) => step.Id % 10 == 0 && _sent.Count > 0 ? _sent[step.Pending % _sent.Count].Id : DerivedId.Of($"{_run}:{_sent.Count}");

    // Mostly a hold that was asked for, now and then something that is none.
    private Guid PendingOf(Step step, Predicate<Transfer>? which = null)
    {
        var holds = _sent.FindAll(t => t.Kind == TransferKind.Pending && which?.Invoke(t) != false);
        if (step.Pending % 16 == 0 && _sent.Count > 0) return _sent[step.Id % _sent.Count].Id;
        return holds.Count > 0 ? holds[step.Pending % holds.Count].Id : DerivedId.Of($"{_run}:nothing");
    }

    // Now and then an account that does not exist, or one in another currency.
    private Guid AccountOf(byte n) => n % 32 == 31 ? Guid.Parse("00000000-0000-0000-0000-0000000000ff") : n % 32 == 30 ? Accounts[7].Id : Accounts[n % 7].Id;

    private Account Account(string name, AccountLimit limit, string currency = "CNY", bool isSystem = false) =>
        new(DerivedId.Of($"{_run}:{name}"), $"{_run}-{name}", name, AccountKind.Liability, currency, limit, isSystem);

    /// <summary>Checks that no random sequence falsifies the property. The seed is printed; give it to <paramref name="replay"/> to run the same again.</summary>
    public static void ForAll(int sequences, Action<Step[]> holds, ulong? replay = null)
    {
        var seed = replay ?? (ulong)Random.Shared.NextInt64();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(sequences).WithStartSize(10).WithEndSize(100).WithReplay(seed, 1), Prop.ForAll(ArbMap.Default.ArbFor<Step[]>(), holds));
    }
}
