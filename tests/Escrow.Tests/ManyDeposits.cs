using Microsoft.EntityFrameworkCore;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;

namespace Tendering.Escrow.Tests;

/// <summary>A lot with as many secured deposits as asked for, booked as the bank's notices would have.</summary>
public static class ManyDeposits
{
    private const int AtOnceMax = Books.BatchMax / 2;

    public static EscrowDb Open(string connection) => new(new DbContextOptionsBuilder<EscrowDb>().UseNpgsql(connection).Options);

    public static async Task<Lot> SeedAsync(string connection, int count, DateTimeOffset now, string ruleSet = "cn-tendering")
    {
        var lot = new Lot
        {
            Id = Guid.CreateVersion7(), TenderId = Guid.CreateVersion7(), TenderNumber = "T-2026-000900", Number = 1, RuleSet = ruleSet, Currency = "CNY", Deposit = 200_000_00, BidDeadline = now.AddDays(1),
        };
        await using (var db = Open(connection))
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            db.Add(lot);
            await db.SaveChangesAsync();
            await Books.OpenAsync(db, Chart.SystemAccounts("CNY").ToArray(), now, default);
            await transaction.CommitAsync();
        }
        for (var done = 0; done < count; done += AtOnceMax) await SeedSomeAsync(connection, lot, Math.Min(AtOnceMax, count - done), now);
        return lot;
    }

    private static async Task SeedSomeAsync(string connection, Lot lot, int count, DateTimeOffset now)
    {
        await using var db = Open(connection);
        db.ChangeTracker.AutoDetectChangesEnabled = false;
        await using var transaction = await db.Database.BeginTransactionAsync();
        var (accounts, transfers, paid) = (new List<Account>(count), new List<Transfer>(2 * count), new List<object>(2 * count));
        for (var n = 0; n < count; n++)
        {
            var bidder = new SubAccount { TenderId = lot.TenderId, LotId = lot.Id, BidderId = Guid.CreateVersion7(), BidderName = $"Builders {n}", RegisteredAt = now };
            accounts.Add(bidder.Open(lot, VirtualAccountNumber.New(), now));
            var payment = new Payment($"B{Guid.NewGuid():N}", bidder.Number!, lot.Deposit, lot.Currency, $"6222{bidder.BidderId.ToString("N")[^12..]}", bidder.BidderName, now.AddDays(-30));
            var (deposit, receipt) = (Deposit.Secure(bidder, payment, now), DerivedId.Of($"receipt:{payment.Reference}"));
            transfers.Add(Transfer.Of(receipt, Chart.IdOf(SystemAccount.Bank, lot.Currency), bidder.Id, payment.Amount, TransferCodes.Received, payment.Reference).Linked());
            transfers.Add(Transfer.Pending(deposit.HoldId, bidder.Id, Chart.IdOf(SystemAccount.Held, lot.Currency), payment.Amount, TransferCodes.Held, payment.Reference));
            db.Add(bidder);
            paid.AddRange([deposit, BankEntry.Of(LineOf(payment), Guid.Empty, receipt, Judgement.Secured, bidder.Id, now)]);
        }
        await Books.OpenAsync(db, accounts, now, default);
        await Books.BookAllAsync(db, transfers, now, default);
        await db.SaveChangesAsync();
        db.AddRange(paid);
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
    }

    private static BankLine LineOf(Payment payment) => new("", payment.Reference, payment.Reference, payment.Amount, payment.Amount, payment.Currency, true, false, payment.BookedAt, payment.BookedAt,
        DateOnly.FromDateTime(payment.BookedAt.UtcDateTime), null, payment.AccountNumber, payment.PayerAccount, payment.PayerName, null, null, null, "", true);
}
