using Microsoft.EntityFrameworkCore;
using Tendering.Evaluation.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Evaluation.Data;

public sealed class EvaluationDb(DbContextOptions<EvaluationDb> options) : DbContext(options)
{
    public DbSet<LotEvaluation> Evaluations => Set<LotEvaluation>();
    public DbSet<SecuredDeposit> Deposits => Set<SecuredDeposit>();
    public DbSet<Debarment> Debarments => Set<Debarment>();
    public DbSet<UnopenedArchive> UnopenedArchives => Set<UnopenedArchive>();
    public DbSet<DrawnReport> Reports => Set<DrawnReport>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<LotEvaluation>(e =>
        {
            e.Property(v => v.Id).ValueGeneratedNever();
            e.Property(v => v.Terms!).AsJson();
            e.Property(v => v.Opening!).AsJson();
            e.HasMany(v => v.Members).WithOne().HasForeignKey(m => m.LotId);
            e.Ignore(v => v.Confirmations);
            e.Ignore(v => v.Answers);
            e.HasMany(v => v.EveryConfirmation).WithOne().HasForeignKey(c => c.LotId);
            e.HasMany(v => v.EveryAnswer).WithOne().HasForeignKey(a => a.LotId);
        });
        modelBuilder.Entity<SecuredDeposit>().HasKey(d => new { d.LotId, d.BidderId });
        modelBuilder.Entity<Debarment>().Property(d => d.Id).ValueGeneratedNever();
        modelBuilder.Entity<Member>(e => { e.HasKey(m => new { m.LotId, m.Seat }); e.Property(m => m.Seat).ValueGeneratedNever(); });
        modelBuilder.Entity<Confirmation>(e => { e.HasKey(c => new { c.LotId, c.Round, c.Seat }); e.Property(c => c.Round).ValueGeneratedNever(); e.Property(c => c.Seat).ValueGeneratedNever(); e.Property(c => c.Votes).AsJson(); });
        modelBuilder.Entity<ReportAnswer>(e => { e.HasKey(a => new { a.LotId, a.Round, a.Seat }); e.Property(a => a.Round).ValueGeneratedNever(); e.Property(a => a.Seat).ValueGeneratedNever(); });
        modelBuilder.Entity<DrawnReport>(e => { e.HasKey(r => new { r.LotId, r.Round }); e.Property(r => r.Round).ValueGeneratedNever(); });
        modelBuilder.Entity<UnopenedArchive>(e => { e.HasKey(a => new { a.LotId, a.BidId }); e.Ignore(a => a.Told); e.HasOne<LotEvaluation>().WithMany().HasForeignKey(a => a.LotId); });
        modelBuilder.AddPlumbing();
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) => configurationBuilder.AddPlumbing();

    /// <summary>An evaluation to be changed: whoever else wants to change it waits. What hangs on it is read after the lock is held, never with it.</summary>
    public async Task<LotEvaluation?> LockAsync(Guid lot, CancellationToken ct)
    {
        var evaluation = await Evaluations.FromSql($"select * from lot_evaluation where id = {lot} for update").SingleOrDefaultAsync(ct);
        if (evaluation is null) return null;
        var entry = Entry(evaluation);
        await entry.Collection(v => v.Members).LoadAsync(ct);
        await entry.Collection(v => v.EveryConfirmation).LoadAsync(ct);
        await entry.Collection(v => v.EveryAnswer).LoadAsync(ct);
        return evaluation;
    }

    /// <summary>The same to look at, in one snapshot.</summary>
    public async Task<LotEvaluation?> LoadAsync(Guid lot, CancellationToken ct)
    {
        await using var snapshot = await Database.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, ct);
        return await Evaluations.AsNoTracking().AsSplitQuery().Include(v => v.Members).Include(v => v.EveryConfirmation).Include(v => v.EveryAnswer).SingleOrDefaultAsync(v => v.Id == lot, ct);
    }

    /// <summary>The report of the round that runs, or of the last one; null where it is not drawn.</summary>
    public Task<DrawnReport?> ReportAsync(LotEvaluation evaluation, CancellationToken ct) => Reports.FindAsync([evaluation.Id, evaluation.Round], ct).AsTask();

    /// <summary>The bids of the opening record with what is known of each by now. Escrow's word on a deposit is the one that counts.</summary>
    public async Task<BidFacts[]> FactsAsync(LotEvaluation evaluation, DateTimeOffset now, CancellationToken ct)
    {
        var records = evaluation.Opening!.Bids;
        var codes = records.Select(b => b.SocialCreditCode).ToList();
        var secured = (await Deposits.AsNoTracking().Where(d => d.LotId == evaluation.Id).Select(d => d.BidderId).ToListAsync(ct)).ToHashSet();
        var archives = (await UnopenedArchives.AsNoTracking().Where(a => a.LotId == evaluation.Id).ToListAsync(ct)).ToDictionary(a => a.BidId, a => a.Told);
        var debarments = await Debarments.AsNoTracking().Where(d => codes.Contains(d.SocialCreditCode)).OrderBy(d => d.Id).ToListAsync(ct);
        return [.. records.Select(b => new BidFacts(b, secured.Contains(b.BidderId), debarments.Where(d => d.SocialCreditCode == b.SocialCreditCode && d.HoldsAt(now))
            .Select(d => new DebarmentInForce(d.Id, d.DecisionNumber, d.Reason, d.ValidFrom, d.ValidUntil)).FirstOrDefault(), archives.GetValueOrDefault(b.BidId)))];
    }
}
