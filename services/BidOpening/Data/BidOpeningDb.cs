using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Data;

public sealed class BidOpeningDb(DbContextOptions<BidOpeningDb> options) : DbContext(options)
{
    public DbSet<OpeningSession> Sessions => Set<OpeningSession>();
    public DbSet<ListedBid> Bids => Set<ListedBid>();
    public DbSet<GoodShare> GoodShares => Set<GoodShare>();
    public DbSet<WrongShare> WrongShares => Set<WrongShare>();
    public DbSet<ShareRelease> Releases => Set<ShareRelease>();

    /// <summary>The session, its row locked until the transaction ends: whatever decides on a lot's bids does so one after the other.</summary>
    public async Task<OpeningSession?> LockSessionAsync(Guid lot, CancellationToken ct) =>
        (await Sessions.FromSql($"select * from opening_session where id = {lot} for update").ToListAsync(ct)).SingleOrDefault();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<OpeningSession>(session =>
        {
            session.Property(s => s.Id).ValueGeneratedNever();
            session.Property(s => s.Notice!).AsJson();
        });
        modelBuilder.Entity<ListedBid>(bid =>
        {
            bid.Property(b => b.Id).ValueGeneratedNever();
            bid.Ignore(b => b.Parsed);
            bid.HasOne<OpeningSession>().WithMany().HasForeignKey(b => b.LotId);      // so that a session is written before its bids
        });
        modelBuilder.Entity<GoodShare>().HasKey(s => new { s.BidId, s.Part, s.CustodianIndex });
        modelBuilder.Entity<WrongShare>().HasKey(s => new { s.BidId, s.Part, s.CustodianIndex, s.ShareHash });
        modelBuilder.Entity<ShareRelease>().Property(r => r.Id).ValueGeneratedNever();
        modelBuilder.AddPlumbing();
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) => configurationBuilder.AddPlumbing();
}
