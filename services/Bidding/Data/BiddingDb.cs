using Microsoft.EntityFrameworkCore;
using Tendering.Bidding.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Data;

public sealed class BiddingDb(DbContextOptions<BiddingDb> options) : DbContext(options)
{
    public DbSet<Organisation> Organisations => Set<Organisation>();
    public DbSet<Certificate> Certificates => Set<Certificate>();
    public DbSet<Revocation> Revocations => Set<Revocation>();
    public DbSet<Debarment> Debarments => Set<Debarment>();
    public DbSet<Deposit> Deposits => Set<Deposit>();
    public DbSet<Lot> Lots => Set<Lot>();
    public DbSet<Registration> Registrations => Set<Registration>();
    public DbSet<Upload> Uploads => Set<Upload>();
    public DbSet<UploadBlock> UploadBlocks => Set<UploadBlock>();
    public DbSet<Bid> Bids => Set<Bid>();
    public DbSet<Standing> Standings => Set<Standing>();
    public DbSet<Extension> Extensions => Set<Extension>();

    /// <summary>The lot, its row locked against the closing until the transaction ends; others may share the lock.</summary>
    public async Task<Lot> ShareLotAsync(Guid id, CancellationToken ct) =>
        (await Lots.FromSql($"select * from lot where id = {id} for share").AsNoTracking().ToListAsync(ct)).SingleOrDefault().Or404("lot");

    /// <summary>The lot, its row locked alone until the transaction ends: no submission is between its judgement and its commit.</summary>
    public async Task<Lot> LockLotAsync(Guid id, CancellationToken ct) =>
        (await Lots.FromSql($"select * from lot where id = {id} for update").ToListAsync(ct)).SingleOrDefault().Or404("lot");

    /// <summary>Does any bid, standing or not, name the upload? Then its bytes are kept.</summary>
    public Task<bool> IsNamedAsync(Upload upload, CancellationToken ct) =>
        Bids.AnyAsync(b => b.LotId == upload.LotId && b.BidderId == upload.BidderId && (b.PriceUpload == upload.Id || b.FilesUpload == upload.Id), ct);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Organisation>().Property(o => o.Id).ValueGeneratedNever();
        modelBuilder.Entity<Certificate>().HasKey(c => c.Thumbprint);
        modelBuilder.Entity<Revocation>().HasKey(r => new { r.OrganisationId, r.SerialNumber });
        modelBuilder.Entity<Debarment>().Property(d => d.Id).ValueGeneratedNever();
        modelBuilder.Entity<Deposit>().HasKey(d => new { d.LotId, d.BidderId });
        modelBuilder.Entity<Lot>().Property(l => l.Id).ValueGeneratedNever();
        modelBuilder.Entity<Registration>().HasKey(r => new { r.LotId, r.BidderId });
        modelBuilder.Entity<Upload>().Property(u => u.Id).ValueGeneratedNever();
        modelBuilder.Entity<UploadBlock>().HasKey(b => new { b.UploadId, b.Number });
        modelBuilder.Entity<Bid>(bid =>
        {
            bid.Property(b => b.Id).ValueGeneratedNever();
            bid.Property(b => b.Position).ValueGeneratedOnAdd();
        });
        modelBuilder.Entity<Extension>(extension =>
        {
            extension.Property(e => e.Id).ValueGeneratedNever();
            extension.Property(e => e.Outages).AsJson();
        });
        modelBuilder.Entity<Standing>().HasKey(s => new { s.LotId, s.BidderId });
        modelBuilder.AddPlumbing();
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) => configurationBuilder.AddPlumbing();
}
