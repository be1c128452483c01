using Microsoft.EntityFrameworkCore;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Domain;

namespace Tendering.Tenders.Data;

public sealed class TendersDb(DbContextOptions<TendersDb> options) : DbContext(options)
{
    public DbSet<Tender> Tenders => Set<Tender>();
    public DbSet<Notice> Notices => Set<Notice>();
    public DbSet<Organisation> Organisations => Set<Organisation>();

    /// <summary>A tender whole, locked until the transaction ends: decisions and facts about one tender come one after the other.</summary>
    public async Task<Tender?> LockAsync(Guid id, CancellationToken ct)
    {
        // Two statements: the second must see what was committed while the first waited for the lock.
        await Database.ExecuteSqlAsync($"select 1 from tender where id = {id} for update", ct);
        return await Whole().SingleOrDefaultAsync(t => t.Id == id, ct);
    }

    public IQueryable<Tender> Whole() => Tenders.Include(t => t.Lots).Include(t => t.Custodians).Include(t => t.Reviews).AsSplitQuery();

    public async Task<int> NextNumberAsync(int year, CancellationToken ct) => (await Database.SqlQuery<int>(
        $"insert into tender_number (year, last) values ({year}, 1) on conflict (year) do update set last = tender_number.last + 1 returning last as \"Value\"").ToListAsync(ct)).Single();

    /// <summary>A notice goes out, and into the record of supervision.</summary>
    public void Announce(Notice notice)
    {
        Add(notice);
        this.PublishDocument(notice.TenderId, "notice", notice.Id, notice.Content, notice.PublishedAt);
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Organisation>().Property(o => o.Id).ValueGeneratedNever();
        modelBuilder.Entity<Notice>().Property(n => n.Id).ValueGeneratedNever();
        modelBuilder.Entity<Tender>(tender =>
        {
            tender.Property(t => t.Id).ValueGeneratedNever();
            tender.Property(t => t.Documents).AsJson();
            tender.Property(t => t.DepositTerms!).AsJson();
            tender.Ignore(t => t.Rules);
            tender.HasMany(t => t.Lots).WithOne().HasForeignKey(l => l.TenderId);
            tender.HasMany(t => t.Custodians).WithOne().HasForeignKey(c => c.TenderId);
            tender.HasMany(t => t.Reviews).WithOne().HasForeignKey(r => r.TenderId);
        });
        modelBuilder.Entity<Custodian>().HasKey(c => new { c.TenderId, c.Index });
        modelBuilder.Entity<Custodian>().Property(c => c.Index).ValueGeneratedNever();
        modelBuilder.Entity<Review>().Property(r => r.Id).ValueGeneratedNever();
        modelBuilder.Entity<Lot>(lot =>
        {
            lot.Property(l => l.Id).ValueGeneratedNever();
            lot.Property(l => l.Coefficients!).AsJson();
            lot.Property(l => l.Ranking!).AsJson();
            lot.Property(l => l.Candidates!).AsJson();
            lot.Property(l => l.Winner!).AsJson();
            lot.Property(l => l.Failure!).AsJson();
        });
        modelBuilder.AddPlumbing();
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) => configurationBuilder.AddPlumbing();
}
