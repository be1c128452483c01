using Microsoft.EntityFrameworkCore;
using Tendering.Contracts.Escrow;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Escrow.Domain.Camt;
using Tendering.Protocols;
using Tendering.ServiceDefaults;
using static Tendering.Escrow.Features.ImportBankFile;

namespace Tendering.Escrow.Features;

/// <summary>Books what a checked file tells: what is known is matched, each new movement is judged, and all go into the books together.</summary>
internal sealed class BookBankLines
{
    private readonly EscrowDb _db;
    private readonly Guid _fileId;
    private readonly DateTimeOffset _now;
    private readonly List<Transfer> _transfers = [];
    private readonly HashSet<Guid> _secured = [], _paidTwice = [];
    private Dictionary<Guid, Lot> _lots = [];
    private Dictionary<string, SubAccount> _bidders = [];
    private Dictionary<Guid, BasicAccount> _basics = [];
    private Dictionary<Guid, PaymentOrder> _orders = [];
    private Dictionary<string, GuaranteeLetter> _letters = [];
    private ILookup<string, BankEntry> _receipts = Array.Empty<BankEntry>().ToLookup(e => "");
    private readonly List<BankEntry> _known = [];
    private Dictionary<string, DateOnly> _closed = [];

    private BookBankLines(EscrowDb db, Guid fileId, DateTimeOffset now) => (_db, _fileId, _now) = (db, fileId, now);

    public static async Task<List<Line>> HandleAsync(EscrowDb db, Guid fileId, IReadOnlyList<CheckedPart> parts, DateTimeOffset now, CancellationToken ct)
    {
        var (report, work) = (new List<Line>(), new BookBankLines(db, fileId, now));
        await work.LoadAsync(parts, ct);
        foreach (var part in parts) report.AddRange(await work.BookAsync(part, ct));
        return report;
    }

    private async Task<List<Line>> BookAsync(CheckedPart part, CancellationToken ct)
    {
        var (report, fresh) = (new List<Line>(), new List<BankLine>());
        foreach (var entry in part.Entries)
        {
            if (entry.Lines.Count == 0) report.Add(new Line(entry.Where, entry.Reference, entry.IsCredit, entry.Amount, entry.Currency, entry.Status == CamtStatus.Pending ? "pending" : "information", null, null));
            else if (Match(entry, _known) is { } matched) report.AddRange(matched.Select(k => new Line(entry.Where, k.Reference, k.IsCredit, k.Amount, k.Currency, "known", k.Outcome, k.Code)));
            else fresh.AddRange(entry.Lines);
        }
        if (fresh.Count == 0) return report;
        await LoadReceiptsAsync(fresh, ct);
        foreach (var line in fresh)
        {
            var judgement = await TakeAsync(line, ct);
            report.Add(new Line(line.Where, line.Reference, line.IsCredit, line.Amount, line.Currency, "booked", judgement.Outcome, judgement.Code));
        }
        await _db.SaveChangesAsync(ct);
        await BookTransfersAsync(ct);
        return report;
    }

    // An entry is known by its own reference, whether its transactions were told apart then or are now; or by those of its transactions.
    private static List<BankEntry>? Match(CheckedEntry entry, List<BankEntry> known)
    {
        var ofEntry = known.Where(k => k.EntryReference == entry.Reference).ToList();
        if (ofEntry.Count > 0 && (ofEntry.Count != 1 || entry.Lines.Count != 1))
        {
            var sum = ofEntry.Sum(k => k.IsCredit ? k.Amount : -k.Amount);
            RequireSame(entry, entry.Reference!, sum == entry.Lines.Sum(l => l.Net) && ofEntry[0].BookingDay == entry.Lines[0].Day && ofEntry[0].Currency == entry.Currency ? [] : ["sum, day or currency"]);
            return ofEntry;
        }
        var matched = new List<BankEntry>();
        foreach (var line in entry.Lines)
        {
            if ((ofEntry.Count == 1 ? ofEntry[0] : known.Find(k => k.Reference == line.Reference)) is not { } before) continue;
            RequireSame(entry, line.Reference, before.DifferencesFrom(line));
            matched.Add(before);
        }
        Rule.Require(matched.Count == 0 || matched.Count == entry.Lines.Count, "entry-partly-known", $"{entry.Where}: some of its transactions are booked and some are not: ask the bank. Nothing was booked.");
        return matched.Count == 0 ? null : matched;
    }

    private static void RequireSame(CheckedEntry entry, string reference, IEnumerable<string> differences)
    {
        var all = differences.ToArray();
        Rule.Require(all.Length == 0, "bank-reference-reused", $"{entry.Where}: the reference {reference} is booked with another {string.Join(", ", all)}. Nothing was booked.");
    }

    // All that the whole file may touch is locked before anything is booked, and each kind in the order of its ids: lots, sub-accounts, letters, orders, deposits; then the books.
    private async Task LoadAsync(IReadOnlyList<CheckedPart> parts, CancellationToken ct)
    {
        var all = parts.SelectMany(p => p.Entries).SelectMany(e => e.Lines).ToList();
        var names = all.SelectMany(l => new[] { l.Reference, l.EntryReference }).Distinct().ToArray();
        if (names.Length == 0) return;
        _known.AddRange(await _db.BankEntries.AsNoTracking().Where(e => names.Contains(e.Reference) || names.Contains(e.EntryReference)).ToListAsync(ct));
        var (known, knownEntries) = (_known.Select(k => k.Reference).ToHashSet(), _known.Select(k => k.EntryReference).ToHashSet());
        var lines = all.FindAll(l => !known.Contains(l.Reference) && !knownEntries.Contains(l.EntryReference));
        if (lines.Count == 0) return;

        foreach (var currency in lines.Select(l => l.Currency).Distinct()) await Books.OpenAsync(_db, Chart.SystemAccounts(currency).ToArray(), _now, ct);       // a currency that no tender uses still has its books
        // A mistyped number is nobody's: its check digits say so.
        var numbers = lines.Where(l => l.IsCredit && l.AccountNumber is not null).Select(l => l.AccountNumber!).Where(VirtualAccountNumber.IsValid).Distinct().ToArray();
        // Shared: payments of one lot do not wait for each other, but its end waits for them, or they see it.
        var lotIds = numbers.Length == 0 ? [] : await _db.SubAccounts.Where(s => numbers.Contains(s.Number)).Select(s => s.LotId).Distinct().ToArrayAsync(ct);
        if (lotIds.Length > 0)
        {
            await _db.LockAllAsync([.. lotIds.Select(id => $"lot:{id}")], shared: true, ct);
            _lots = await _db.Lots.AsNoTracking().Where(l => lotIds.Contains(l.Id)).ToDictionaryAsync(l => l.Id, ct);
            _bidders = await _db.SubAccounts.FromSql($"select * from sub_account where number = any ({numbers}) order by id for update").AsNoTracking().ToDictionaryAsync(s => s.Number!, ct);
            var (organisations, accounts) = (_bidders.Values.Select(b => b.BidderId).Distinct().ToArray(), _bidders.Values.Select(b => b.Id).ToArray());
            _basics = await _db.BasicAccounts.AsNoTracking().Where(b => organisations.Contains(b.Id)).ToDictionaryAsync(b => b.Id, ct);
            _secured.UnionWith(await Securing.SecuredAsync(_db, accounts, ct));
        }
        var paidTo = lines.Where(l => l.IsCredit && l.AccountNumber is not null).Select(l => l.AccountNumber!).Distinct().ToArray();
        _letters = await _db.GuaranteeLetters.FromSql($"select * from guarantee_letter where claim_account = any ({paidTo}) order by id for update").ToDictionaryAsync(l => l.ClaimAccount!, ct);
        await LoadOrdersAsync([.. lines.Select(l => l.OrderId).OfType<Guid>().Distinct()], ct);
        // Who closes a day waits for this, or this sees that it is closed.
        await Books.LockAsync(_db, [.. _bidders.Values.Select(b => b.Id), .. _letters.Values.Select(l => l.ClaimAccountId)], ct);
        _closed = await _db.DayCloses.GroupBy(c => c.Currency).Select(g => new { g.Key, Day = g.Max(c => c.Day) }).ToDictionaryAsync(c => c.Key, c => c.Day, ct);
    }

    private async Task LoadOrdersAsync(Guid[] ids, CancellationToken ct)
    {
        if (ids.Length == 0) return;
        _orders = await _db.PaymentOrders.FromSql($"select * from payment_order where id = any ({ids}) order by id for update").ToDictionaryAsync(o => o.Id, ct);
        var deposits = _orders.Values.Select(o => o.DepositId).OfType<Guid>().Distinct().ToArray();
        if (deposits.Length > 0) await _db.Database.ExecuteSqlAsync($"select 1 from deposit where id = any ({deposits}) order by id for update", ct);
        _paidTwice.UnionWith(await _db.WorkItems.Where(i => i.Stage == WorkItemStage.Open && i.Code == LineJudge.PaidTwice && ids.Contains(i.OrderId!.Value)).Select(i => i.OrderId!.Value).ToListAsync(ct));
    }

    // Part by part: what one told may be taken back in the next.
    private async Task LoadReceiptsAsync(List<BankLine> lines, CancellationToken ct)
    {
        var reversed = lines.Where(l => l.IsReversal && !l.IsCredit && l.EndToEndId is not null).Select(l => l.EndToEndId!).Distinct().ToArray();
        if (reversed.Length > 0) _receipts = (await _db.BankEntries.AsNoTracking().Where(e => e.IsCredit && reversed.Contains(e.EndToEndId!)).ToListAsync(ct)).ToLookup(e => e.EndToEndId!);
    }

    private LineFacts FactsOf(BankLine line)
    {
        var bidder = line is { IsCredit: true, AccountNumber: { } number } ? _bidders.GetValueOrDefault(number) : null;
        var receipts = line.EndToEndId is { } id && line.IsReversal ? _receipts[id].Where(r => r.Amount == line.Amount).ToArray() : [];
        return new LineFacts(
            bidder is null ? null : _lots.GetValueOrDefault(bidder.LotId), bidder, bidder is null ? null : _basics.GetValueOrDefault(bidder.BidderId), bidder is not null && _secured.Contains(bidder.Id),
            line.OrderId is { } order ? _orders.GetValueOrDefault(order) : null, line.OrderId is { } twice && _paidTwice.Contains(twice), receipts is [var receipt] ? receipt : null,
            line is { IsCredit: true, AccountNumber: { } account } ? _letters.GetValueOrDefault(account) : null, _closed.TryGetValue(line.Currency, out var closed) && line.Day <= closed);
    }

    private async Task<Judgement> TakeAsync(BankLine line, CancellationToken ct)
    {
        var facts = FactsOf(line);
        var judgement = LineJudge.Judge(line, facts);
        var transfer = judgement.Outcome switch
        {
            Outcome.Secured => Secure(line, facts.Bidder!),
            Outcome.Paid => await ConfirmAsync(line, facts.Order!, ct),
            Outcome.Claim => Claim(line, facts.Letter!),
            Outcome.Listed => await ListAsync(line, facts, judgement, ct),
            _ => SendBack(line, facts, judgement),
        };
        _known.Add(_db.Add(BankEntry.Of(line, _fileId, transfer, judgement, facts.Bidder?.Id ?? facts.Reversed?.SubAccountId, _now)).Entity);
        return judgement;
    }

    private Guid Secure(BankLine line, SubAccount bidder)
    {
        var receipt = ReceiptOf(line);
        var deposit = Deposit.Secure(bidder, LineJudge.PaymentOf(line), _now);
        _transfers.Add(Transfer.Of(receipt, Chart.IdOf(SystemAccount.Bank, line.Currency), bidder.Id, line.Amount, TransferCodes.Received, line.Reference).Linked());
        _transfers.Add(Transfer.Pending(deposit.HoldId, bidder.Id, Chart.IdOf(SystemAccount.Held, line.Currency), line.Amount, TransferCodes.Held, line.Reference));
        _secured.Add(bidder.Id);
        _db.Add(deposit);
        _db.Publish(new DepositSecured(deposit.TenderId, deposit.LotId, deposit.BidderId, deposit.Amount, deposit.Currency, _now), _now);
        return receipt;
    }

    private Guid SendBack(BankLine line, LineFacts facts, Judgement judgement)
    {
        var (receipt, isSuspended) = (ReceiptOf(line), judgement.Outcome == Outcome.Suspense);
        var via = isSuspended ? Chart.IdOf(SystemAccount.Suspense, line.Currency) : facts.Bidder!.Id;
        _transfers.Add(Transfer.Of(receipt, Chart.IdOf(SystemAccount.Bank, line.Currency), via, line.Amount, isSuspended ? TransferCodes.Suspended : TransferCodes.Received, line.Reference).Linked());
        _transfers.Add(Transfer.Of(DerivedId.Of($"return:{line.Reference}"), via, Chart.IdOf(SystemAccount.Transit, line.Currency), line.Amount, TransferCodes.Returned, line.Reference));
        _db.Add(PaymentOrder.Return(LineJudge.PaymentOf(line), judgement.Code!, _now));
        if (facts is { Lot: { } lot, Bidder: { } bidder })
        {
            var rule = lot.Law(RuleKey.DepositValidity);
            _db.Publish(new DepositRefused(lot.TenderId, lot.Id, bidder.BidderId, line.Amount, line.Currency, judgement.Code!, judgement.Reason!, rule.Id, rule.Article, _now), _now);
        }
        return receipt;
    }

    private async Task<Guid> ConfirmAsync(BankLine line, PaymentOrder order, CancellationToken ct)
    {
        order.Confirm(line.Reference, line.BookedAt);
        var transfer = DerivedId.Of($"paid:{order.Id}");
        _transfers.Add(Transfer.Of(transfer, Chart.IdOf(SystemAccount.Transit, line.Currency), Chart.IdOf(SystemAccount.Bank, line.Currency), line.Amount, TransferCodes.Paid, line.Reference));
        await SettleOrder.HandleAsync(_db, order, _now, ct);
        return transfer;
    }

    private Guid Claim(BankLine line, GuaranteeLetter letter)
    {
        _transfers.AddRange(TakeClaimPayment.Apply(_db, letter, LineJudge.PaymentOf(line), ReceiptOf(line), Chart.IdOf(SystemAccount.Bank, line.Currency), _now).Transfers);
        return ReceiptOf(line);
    }

    // The money is at the bank, or gone from it, whoever it belongs to: it lies in suspense, or is missing there.
    private async Task<Guid> ListAsync(BankLine line, LineFacts facts, Judgement judgement, CancellationToken ct)
    {
        var transfer = line.IsCredit ? ReceiptOf(line) : DerivedId.Of($"debit:{line.Reference}");
        var (bank, suspense) = (Chart.IdOf(SystemAccount.Bank, line.Currency), Chart.IdOf(SystemAccount.Suspense, line.Currency));
        _transfers.Add(line.IsCredit ? Transfer.Of(transfer, bank, suspense, line.Amount, TransferCodes.Suspended, line.Reference) : Transfer.Of(transfer, suspense, bank, line.Amount, TransferCodes.Suspended, line.Reference));
        if (judgement.Ground == LineJudge.CameBack) await SettleOrder.ReopenAsync(_db, facts.Order!, line.Reference, _now, ct);
        if (judgement.Ground == LineJudge.PaidTwice) _paidTwice.Add(facts.Order!.Id);
        _db.Add(WorkItem.Of(line, judgement, facts.Order?.Id, facts.Bidder?.Id ?? facts.Reversed?.SubAccountId, _now));
        return transfer;
    }

    private static Guid ReceiptOf(BankLine line) => DerivedId.Of($"receipt:{line.Reference}");

    // As many at once as the books take; what is linked stays together.
    private async Task BookTransfersAsync(CancellationToken ct)
    {
        for (var first = 0; first < _transfers.Count;)
        {
            var end = Math.Min(first + Books.BatchMax, _transfers.Count);
            while (_transfers[end - 1].LinkedToNext) end--;
            await Books.BookAllAsync(_db, _transfers[first..end], _now, ct);
            first = end;
        }
        _transfers.Clear();
    }
}
