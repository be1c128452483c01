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

/// <summary>An entry of the escrow account: above 0 money came in. Interest has no counterparty. <paramref name="Fault"/>: what the bank does wrong with it.</summary>
public sealed record EscrowEntry(
    string Reference, long Amount, string Currency, string? VirtualAccount, string CounterpartyAccount, string CounterpartyName, string EndToEndId, string Text, DateTimeOffset BookedAt, bool IsReversal, Fault Fault);

/// <summary>A payment to the escrow account, and escrow's answer to its notice once there is one.</summary>
public sealed record Payment(PaymentBooked Booked, NoticeAnswered? Answer);

/// <summary>The books of the bank. Every change is in the journal before it is in memory.</summary>
public sealed class Bank : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Journal _journal;
    private readonly TimeZoneInfo _zone;
    private readonly Dictionary<string, Account> _accounts = [];
    private readonly Dictionary<string, Payment> _payments = [];
    private readonly Dictionary<string, int> _orders = [];
    private readonly HashSet<string> _lost = [];
    private readonly HashSet<Guid> _files = [];
    private readonly Dictionary<string, EscrowEntry> _escrow = [];
    private readonly Dictionary<string, NoticeAnswered> _answers = [];
    private readonly HashSet<string> _stated = [], _reversed = [];
    private readonly List<StatementMade> _statements = [];
    private readonly HashSet<string> _statementsAnswered = [];
    private readonly Dictionary<(Fault, bool), int> _faults = [];

    public Bank(IConfiguration configuration)
    {
        _zone = TimeZoneInfo.FindSystemTimeZoneById(configuration["Escrow:Zone"] ?? "Asia/Shanghai");
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
        lock (_gate) return new SortedDictionary<string, long>(_escrow.Values.GroupBy(e => e.Currency).ToDictionary(g => g.Key, g => g.Sum(e => e.Amount)));
    }

    /// <summary>The last statements of a currency, the newest first.</summary>
    public IReadOnlyList<StatementMade> LastStatements(string currency, int count)
    {
        lock (_gate) return [.. _statements.Where(s => s.Currency == currency).Reverse().Take(count)];
    }

    public EscrowEntry FindEntry(string reference)
    {
        lock (_gate) return _escrow[reference];
    }

    /// <summary>False for what only a statement will show, or nothing at all.</summary>
    public bool IsToldAtOnce(string reference)
    {
        lock (_gate) return _escrow.GetValueOrDefault(reference) is { Fault: not Fault.Late };
    }

    /// <summary>The next so many payments or orders go wrong.</summary>
    public void Misbehave(MisbehaviourAsked asked)
    {
        lock (_gate) Record(asked);
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
            Record(new PaymentBooked(reference, from, payer.Name, toAccountNumber, amount, currency, NotBeforeStatement(bookedAt, currency), NextFault(ofOrders: false)));
            return _payments[reference];
        }
    }

    public void Answer(NoticeAnswered answer)
    {
        lock (_gate) if (!_answers.ContainsKey(answer.Reference)) Record(answer);
    }

    /// <summary>Credits interest to the escrow account: so much, or what it is short of since interest was paid out with refunds. The entry.</summary>
    public EscrowEntry CreditInterest(string currency, long? amount, DateTimeOffset at)
    {
        lock (_gate)
        {
            var due = amount ?? -_escrow.Values.Where(e => e.Currency == currency).Sum(e => e.Amount);
            if (due <= 0) throw new BankRefusalException(409, "nothing-short", "The escrow account is short of nothing: say how much interest it has earned.");
            var reference = $"I{Guid.CreateVersion7():N}";
            Record(new InterestCredited(reference, due, currency, NotBeforeStatement(at, currency)));
            return _escrow[reference];
        }
    }

    /// <summary>The bank takes an entry back; once.</summary>
    public string? Reverse(string of, DateTimeOffset at)
    {
        lock (_gate)
        {
            if (_reversed.Contains(of)) return null;
            var reference = $"R{of}";
            Record(new EntryReversed(reference, of, NotBeforeStatement(at, _escrow[of].Currency)));
            return reference;
        }
    }

    /// <summary>Entries that are to be told at once and whose notice has had no answer yet, in their order.</summary>
    public IReadOnlyList<string> Unanswered()
    {
        lock (_gate) return [.. _escrow.Values.Where(e => e.Fault is not Fault.Late && !_answers.ContainsKey(e.Reference)).Select(e => e.Reference)];
    }

    public bool HasTaken(Guid file)
    {
        lock (_gate) return _files.Contains(file);
    }

    /// <summary>Pays the orders of a file, each once by its end-to-end id; the references of the new entries.</summary>
    public IReadOnlyList<string> PayFile(Guid file, IReadOnlyList<OrderPaid> orders)
    {
        lock (_gate)
        {
            var paid = new List<string>();
            foreach (var order in orders.Where(o => !_orders.ContainsKey(o.EndToEndId))) paid.AddRange(PayOne(order));
            if (!_files.Contains(file)) Record(new FileTaken(file));
            return paid;
        }
    }

    private IEnumerable<string> PayOne(OrderPaid order)
    {
        var fault = _lost.Contains(order.EndToEndId) ? Fault.None : NextFault(ofOrders: true);
        if (fault == Fault.Lost)
        {
            Record(new OrderLost(order.EndToEndId));
            yield break;
        }
        order = order with { Fault = fault, BookedAt = NotBeforeStatement(order.BookedAt, order.Currency) };
        Record(order);
        yield return order.BankReference;
        if (fault != Fault.Twice) yield break;
        Record(order with { BankReference = $"T{order.BankReference}" });
        yield return $"T{order.BankReference}";
    }

    /// <summary>Statements of the days that are over, and of today if asked, for what no statement shows yet.</summary>
    public IReadOnlyList<StatementMade> MakeStatements(DateTimeOffset now, bool today)
    {
        lock (_gate)
        {
            var made = new List<StatementMade>();
            var due = _escrow.Values.Where(e => !_stated.Contains(e.Reference)).Select(e => (e.Currency, Day: DayOf(e.BookedAt))).Where(e => today || e.Day < DayOf(now)).Distinct().OrderBy(e => e.Day).ThenBy(e => e.Currency, StringComparer.Ordinal);
            foreach (var (currency, day) in due.ToList())
            {
                var entries = _escrow.Values.Where(e => e.Currency == currency && !_stated.Contains(e.Reference) && DayOf(e.BookedAt) == day).ToList();
                var opening = _statements.LastOrDefault(s => s.Currency == currency)?.Closing ?? 0;
                Record(new StatementMade($"S{currency}{day:yyyyMMdd}-{_statements.Count + 1}", currency, day, opening, opening + entries.Sum(e => e.Amount), now, [.. entries.Select(e => e.Reference)]));
                made.Add(_statements[^1]);
            }
            return made;
        }
    }

    public bool HasUnstated
    {
        get { lock (_gate) return _stated.Count < _escrow.Count; }
    }

    public IReadOnlyList<StatementMade> UnansweredStatements()
    {
        lock (_gate) return [.. _statements.Where(s => !_statementsAnswered.Contains(s.Number))];
    }

    public void AnswerStatement(StatementAnswered answer)
    {
        lock (_gate) if (!_statementsAnswered.Contains(answer.Number)) Record(answer);
    }

    public IReadOnlyList<EscrowEntry> EntriesOf(StatementMade statement)
    {
        lock (_gate) return [.. statement.References.Select(r => _escrow[r])];
    }

    private DateOnly DayOf(DateTimeOffset moment) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(moment, _zone).DateTime);

    // A day that a later statement has passed by takes no more entries.
    private DateTimeOffset NotBeforeStatement(DateTimeOffset moment, string currency)
    {
        if (_statements.LastOrDefault(s => s.Currency == currency) is not { } last || DayOf(moment) >= last.Day) return moment;
        var midnight = last.Day.ToDateTime(TimeOnly.MinValue);
        return new DateTimeOffset(midnight, _zone.GetUtcOffset(midnight)).ToUniversalTime();
    }

    private Fault NextFault(bool ofOrders)
    {
        foreach (var ((fault, orders), count) in _faults) if (orders == ofOrders && count > 0) return fault;
        return Fault.None;
    }

    private void Use(Fault fault, bool ofOrders)
    {
        if (_faults.GetValueOrDefault((fault, ofOrders)) is > 0 and var left) _faults[(fault, ofOrders)] = left - 1;
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
                Use(payment.Fault, ofOrders: false);
                _payments.Add(payment.Reference, new Payment(payment, null));
                _accounts[payment.From].Movements.Add(new Movement(payment.Reference, -payment.Amount, payment.ToAccountNumber, "payment", payment.BookedAt));
                // What is lost has left its payer and arrived nowhere.
                if (payment.Fault != Fault.Lost)
                    _escrow.Add(payment.Reference, new EscrowEntry(payment.Reference, payment.Amount, payment.Currency, payment.ToAccountNumber, payment.From,
                        payment.Fault == Fault.WrongName ? "Somebody Else & Sons" : payment.FromName, payment.Reference, "deposit", payment.BookedAt, false, payment.Fault));
                break;
            case NoticeAnswered answer:
                _answers[answer.Reference] = answer;
                if (_payments.TryGetValue(answer.Reference, out var known)) _payments[answer.Reference] = known with { Answer = answer };
                break;
            case FileTaken file:
                _files.Add(file.FileId);
                break;
            case OrderLost lost:
                Use(Fault.Lost, ofOrders: true);
                _lost.Add(lost.EndToEndId);
                break;
            case OrderPaid order:
                if (_orders.TryAdd(order.EndToEndId, 1)) Use(order.Fault, ofOrders: true);
                _accounts.GetValueOrDefault(order.ToAccount)?.Movements.Add(new Movement(order.BankReference, order.Amount, "escrow", order.Purpose, order.BookedAt));
                _escrow.Add(order.BankReference, new EscrowEntry(order.BankReference, -order.Amount, order.Currency, null, order.ToAccount, order.ToName, order.EndToEndId, order.Purpose, order.BookedAt, false, order.Fault));
                break;
            case EntryReversed reversal:
                _reversed.Add(reversal.Of);
                var reversed = _escrow[reversal.Of];
                _accounts.GetValueOrDefault(reversed.CounterpartyAccount)?.Movements.Add(new Movement(reversal.Reference, reversed.Amount, "escrow", "reversal", reversal.BookedAt));
                _escrow.Add(reversal.Reference, reversed with { Reference = reversal.Reference, Amount = -reversed.Amount, BookedAt = reversal.BookedAt, IsReversal = true, Fault = Fault.None });
                break;
            case InterestCredited interest:
                _escrow.Add(interest.Reference, new EscrowEntry(interest.Reference, interest.Amount, interest.Currency, null, "", "", "", "结息 interest", interest.BookedAt, false, Fault.None));
                break;
            case StatementMade statement:
                _statements.Add(statement);
                _stated.UnionWith(statement.References);
                break;
            case StatementAnswered statement:
                _statementsAnswered.Add(statement.Number);
                break;
            case MisbehaviourAsked asked:
                _faults[(asked.Fault, asked.OfOrders)] = asked.Count;
                break;
        }
    }

    public void Dispose() => _journal.Dispose();
}
