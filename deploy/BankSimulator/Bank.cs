namespace Tendering.BankSimulator;

public sealed record Movement(string Reference, long Amount, string Counterparty, string Purpose, DateTimeOffset BookedAt);

/// <summary>A customer's account; amounts in minor units, a movement's below 0 where money left.</summary>
public sealed class Account(string number, string name, string currency, long opening)
{
    public string Number { get; } = number;
    public string Name { get; } = name;
    public string Currency { get; } = currency;
    public long Opening { get; } = opening;
    public List<Movement> Movements { get; } = [];
    public long Balance => Opening + Movements.Sum(m => m.Amount);
}

/// <summary>A payment to the escrow account, and escrow's answer to its notice once there is one.</summary>
public sealed record Payment(PaymentBooked Booked, NoticeAnswered? Answer);

/// <summary>The books of the bank. Every change is in the journal before it is in memory.</summary>
public sealed class Bank : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Journal _journal;
    private readonly Dictionary<string, Account> _accounts = [];
    private readonly Dictionary<string, Payment> _payments = [];
    private readonly Dictionary<Guid, OrderPaid> _orders = [];
    private readonly Dictionary<string, long> _escrow = [];

    public Bank(IConfiguration configuration)
    {
        _journal = new Journal(Path.Combine(configuration["Bank:Folder"] ?? throw new InvalidOperationException("Bank:Folder is not set."), "journal.jsonl"));
        foreach (var entry in _journal.ReadAll()) Apply(entry);
    }

    /// <summary>The same account again changes nothing; another one under its number is refused.</summary>
    public Account Open(AccountOpened account)
    {
        lock (_gate)
        {
            if (_accounts.GetValueOrDefault(account.Number) is not { } known)
            {
                Record(account);
                return _accounts[account.Number];
            }
            if ((known.Name, known.Currency, known.Opening) != (account.Name, account.Currency, account.Balance))
                throw new BankRefusalException(409, "account-exists", "There is another account under this number.");
            return known;
        }
    }

    public T Read<T>(string number, Func<Account, T> view)
    {
        lock (_gate) return view(_accounts.GetValueOrDefault(number) ?? throw new BankRefusalException(404, "account-not-found", "There is no such account."));
    }

    public Payment? Find(string reference)
    {
        lock (_gate) return _payments.GetValueOrDefault(reference);
    }

    /// <summary>What came to the escrow account less what was paid from it, by currency.</summary>
    public IReadOnlyDictionary<string, long> EscrowBalances()
    {
        lock (_gate) return new SortedDictionary<string, long>(_escrow);
    }

    /// <summary>Takes the money from the payer's account; the same payment again is the same payment.</summary>
    public Payment Pay(string reference, string from, string toAccountNumber, long amount, string currency, DateTimeOffset bookedAt)
    {
        lock (_gate)
        {
            if (_payments.TryGetValue(reference, out var known))
            {
                if ((known.Booked.From, known.Booked.ToAccountNumber, known.Booked.Amount, known.Booked.Currency) != (from, toAccountNumber, amount, currency))
                    throw new BankRefusalException(409, "reference-reused", "This reference belongs to another payment.");
                return known;
            }
            var payer = _accounts.GetValueOrDefault(from) ?? throw new BankRefusalException(404, "account-not-found", "There is no such account.");
            if (payer.Currency != currency) throw new BankRefusalException(409, "wrong-currency", $"The account is kept in {payer.Currency}.");
            if (payer.Balance < amount) throw new BankRefusalException(409, "insufficient-funds", "The account does not hold that much.");
            Record(new PaymentBooked(reference, from, payer.Name, toAccountNumber, amount, currency, bookedAt));
            return _payments[reference];
        }
    }

    public void Answer(NoticeAnswered answer)
    {
        lock (_gate) if (_payments[answer.Reference].Answer is null) Record(answer);
    }

    /// <summary>Payments whose notice has had no answer yet.</summary>
    public IReadOnlyList<PaymentBooked> Unanswered()
    {
        lock (_gate) return [.. _payments.Values.Where(p => p.Answer is null).Select(p => p.Booked)];
    }

    /// <summary>Pays an order of escrow's, once; an account that is not kept here is another bank's.</summary>
    public OrderPaid PayOrder(OrderPaid order)
    {
        lock (_gate)
        {
            if (!_orders.ContainsKey(order.OrderId)) Record(order);
            return _orders[order.OrderId];
        }
    }

    public OrderPaid? FindOrder(Guid id)
    {
        lock (_gate) return _orders.GetValueOrDefault(id);
    }

    private void Record(Entry entry)
    {
        _journal.Write(entry);
        Apply(entry);
    }

    private void Apply(Entry entry)
    {
        switch (entry)
        {
            case AccountOpened account:
                _accounts.Add(account.Number, new Account(account.Number, account.Name, account.Currency, account.Balance));
                break;
            case PaymentBooked payment:
                _payments.Add(payment.Reference, new Payment(payment, null));
                _accounts[payment.From].Movements.Add(new Movement(payment.Reference, -payment.Amount, payment.ToAccountNumber, "payment", payment.BookedAt));
                _escrow[payment.Currency] = _escrow.GetValueOrDefault(payment.Currency) + payment.Amount;
                break;
            case NoticeAnswered answer:
                _payments[answer.Reference] = _payments[answer.Reference] with { Answer = answer };
                break;
            case OrderPaid order:
                _orders.Add(order.OrderId, order);
                _accounts.GetValueOrDefault(order.ToAccount)?.Movements.Add(new Movement(order.BankReference, order.Amount, "escrow", order.Purpose, order.BookedAt));
                _escrow[order.Currency] = _escrow.GetValueOrDefault(order.Currency) - order.Amount;
                break;
        }
    }

    public void Dispose() => _journal.Dispose();
}
