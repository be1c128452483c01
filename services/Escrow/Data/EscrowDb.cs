using Microsoft.EntityFrameworkCore;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Data;

public sealed class EscrowDb(DbContextOptions<EscrowDb> options) : DbContext(options)
{
    private const long LockSeed = 727003;

    public DbSet<Lot> Lots => Set<Lot>();
    public DbSet<BasicAccount> BasicAccounts => Set<BasicAccount>();
    public DbSet<SubAccount> SubAccounts => Set<SubAccount>();
    public DbSet<Deposit> Deposits => Set<Deposit>();
    public DbSet<PaymentOrder> PaymentOrders => Set<PaymentOrder>();
    public DbSet<BankEntry> BankEntries => Set<BankEntry>();
    public DbSet<BankFile> BankFiles => Set<BankFile>();
    public DbSet<BankStatement> BankStatements => Set<BankStatement>();
    public DbSet<WorkItem> WorkItems => Set<WorkItem>();
    public DbSet<PaymentFile> PaymentFiles => Set<PaymentFile>();
    public DbSet<DayClose> DayCloses => Set<DayClose>();

    public DbSet<RefundRun> RefundRuns => Set<RefundRun>();
    public DbSet<RefundPause> RefundPauses => Set<RefundPause>();
    public DbSet<GuaranteeLetter> GuaranteeLetters => Set<GuaranteeLetter>();
    public DbSet<Exemption> Exemptions => Set<Exemption>();

    /// <summary>Until the transaction ends nobody else works on this; whoever only reads it shares it with other readers.</summary>
    public Task LockAsync(string what, bool shared = false, CancellationToken ct = default) => shared
        ? Database.ExecuteSqlAsync($"select pg_advisory_xact_lock_shared(hashtextextended({what}, {LockSeed}))", ct)
        : Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended({what}, {LockSeed}))", ct);

    /// <summary>Locks all of them, in one order whoever asks.</summary>
    public Task LockAllAsync(string[] names, bool shared, CancellationToken ct) => shared
        ? Database.ExecuteSqlAsync($"select pg_advisory_xact_lock_shared(key) from (select distinct hashtextextended(name, {LockSeed}) as key from unnest({names}) as name order by key) keys", ct)
        : Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(key) from (select distinct hashtextextended(name, {LockSeed}) as key from unnest({names}) as name order by key) keys", ct);

    public Task LockLotAsync(Guid lotId, CancellationToken ct, bool shared = false) => LockAsync($"lot:{lotId}", shared, ct);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Lot>().Property(e => e.Id).ValueGeneratedNever();
        modelBuilder.Entity<BasicAccount>().Property(e => e.Id).ValueGeneratedNever();
        modelBuilder.Entity<SubAccount>().Property(e => e.Id).ValueGeneratedNever();
        modelBuilder.Entity<Deposit>(e =>
        {
            e.Property(d => d.Id).ValueGeneratedNever();
            e.Property(d => d.InterestTerms!).AsJson();
            e.Property(d => d.LateTerms!).AsJson();
        });
        modelBuilder.Entity<RefundRun>(e =>
        {
            e.Property(r => r.Id).ValueGeneratedNever();
            e.Ignore(r => r.Release);
        });
        modelBuilder.Entity<RefundPause>().HasKey(p => p.TenderId);
        modelBuilder.Entity<GuaranteeLetter>().Property(e => e.Id).ValueGeneratedNever();
        modelBuilder.Entity<Exemption>().Property(e => e.Id).ValueGeneratedNever();
        modelBuilder.Entity<PaymentOrder>(e =>
        {
            e.Property(o => o.Id).ValueGeneratedNever();
            e.Property(o => o.Sequence).UseIdentityAlwaysColumn();
        });
        modelBuilder.Entity<BankEntry>().HasKey(e => e.Reference);
        modelBuilder.Entity<BankFile>(e =>
        {
            e.Property(f => f.Id).ValueGeneratedNever();
            e.Property(f => f.Position).UseIdentityAlwaysColumn();
        });
        modelBuilder.Entity<BankStatement>(e =>
        {
            e.Property(s => s.Id).ValueGeneratedNever();
            e.Property(s => s.Position).UseIdentityAlwaysColumn();
        });
        modelBuilder.Entity<WorkItem>(e =>
        {
            e.Property(i => i.Id).ValueGeneratedNever();
            e.Property(i => i.Sequence).UseIdentityAlwaysColumn();
        });
        modelBuilder.Entity<PaymentFile>(e =>
        {
            e.Property(f => f.Id).ValueGeneratedNever();
            e.Property(f => f.Sequence).UseIdentityAlwaysColumn();
        });
        modelBuilder.Entity<DayClose>().Property(e => e.Id).ValueGeneratedNever();
        modelBuilder.AddPlumbing();
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) => configurationBuilder.AddPlumbing();
}
