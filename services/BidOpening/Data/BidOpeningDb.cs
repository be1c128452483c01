using System.Text.Json;
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
    public DbSet<UpheldComplaint> Complaints => Set<UpheldComplaint>();
    public DbSet<ShareRelease> Releases => Set<ShareRelease>();
    public DbSet<HallEntry> Entries => Set<HallEntry>();
    public DbSet<Attendance> Attendance => Set<Attendance>();
    public DbSet<OpeningObjection> Objections => Set<OpeningObjection>();
    public DbSet<AnnouncementSignature> Signatures => Set<AnnouncementSignature>();
    public DbSet<Organisation> Organisations => Set<Organisation>();
    public DbSet<Certificate> Certificates => Set<Certificate>();
    public DbSet<Revocation> Revocations => Set<Revocation>();
    public DbSet<VrfKey> VrfKeys => Set<VrfKey>();

    /// <summary>The session, its row locked until the transaction ends: whatever decides on a lot's bids does so one after the other.</summary>
    public async Task<OpeningSession?> LockSessionAsync(Guid lot, CancellationToken ct) =>
        (await Sessions.FromSql($"select * from opening_session where id = {lot} for update").ToListAsync(ct)).SingleOrDefault();

    /// <summary>An event of the opening, and the hall's next entry: what is told to other services, everybody can follow live. The session's row is locked.</summary>
    public void Tell<T>(OpeningSession session, T message, DateTimeOffset now) where T : class
    {
        this.Publish(message, now);
        var name = Outbox.NameOf(typeof(T)).Name;
        Add(new HallEntry { LotId = session.Id, Index = session.NextEntry(), Kind = name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..], Body = JsonSerializer.Serialize(message, Outbox.Json), At = now });
    }

    /// <summary>The same where the hall may have ended, and nothing is said in it any more.</summary>
    public void TellWhileOpen<T>(OpeningSession session, T message, DateTimeOffset now) where T : class
    {
        if (session.IsOver) this.Publish(message, now);
        else Tell(session, message, now);
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<OpeningSession>(session =>
        {
            session.Property(s => s.Id).ValueGeneratedNever();
            session.Property(s => s.Notice!).AsJson();
            session.Property(s => s.Coefficients!).AsJson();
        });
        modelBuilder.Entity<ListedBid>(bid =>
        {
            bid.Property(b => b.Id).ValueGeneratedNever();
            bid.Ignore(b => b.Parsed);
            bid.Ignore(b => b.IsAsClosed);
            bid.HasOne<OpeningSession>().WithMany().HasForeignKey(b => b.LotId);      // so that a session is written before its bids
        });
        modelBuilder.Entity<GoodShare>().HasKey(s => new { s.BidId, s.Part, s.CustodianIndex });
        modelBuilder.Entity<WrongShare>().HasKey(s => new { s.BidId, s.Part, s.CustodianIndex, s.ShareHash });
        modelBuilder.Entity<UpheldComplaint>().ToTable("share_complaint").HasKey(c => new { c.BidId, c.Part, c.CustodianIndex });
        modelBuilder.Entity<ShareRelease>().Property(r => r.Id).ValueGeneratedNever();
        modelBuilder.Entity<HallEntry>().HasKey(e => new { e.LotId, e.Index });
        modelBuilder.Entity<HallEntry>().Property(e => e.Index).ValueGeneratedNever();
        modelBuilder.Entity<Attendance>().HasKey(a => new { a.LotId, a.OrganisationId });
        modelBuilder.Entity<OpeningObjection>().Property(o => o.Id).ValueGeneratedNever();
        modelBuilder.Entity<AnnouncementSignature>().HasKey(s => new { s.LotId, s.OrganisationId });
        modelBuilder.Entity<Organisation>().Property(o => o.Id).ValueGeneratedNever();
        modelBuilder.Entity<Certificate>().HasKey(c => c.Thumbprint);
        modelBuilder.Entity<Revocation>().HasKey(r => new { r.OrganisationId, r.SerialNumber });
        modelBuilder.Entity<VrfKey>().Property(k => k.Id).ValueGeneratedNever();
        modelBuilder.AddPlumbing();
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) => configurationBuilder.AddPlumbing();
}
