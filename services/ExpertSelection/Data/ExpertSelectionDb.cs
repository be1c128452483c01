using Microsoft.EntityFrameworkCore;
using Tendering.ExpertSelection.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.ExpertSelection.Data;

public sealed class ExpertSelectionDb(DbContextOptions<ExpertSelectionDb> options) : DbContext(options)
{
    public DbSet<Expert> Experts => Set<Expert>();
    public DbSet<Organisation> Organisations => Set<Organisation>();
    public DbSet<Lot> Lots => Set<Lot>();
    public DbSet<Draw> Draws => Set<Draw>();
    public DbSet<Seat> Seats => Set<Seat>();
    public DbSet<PoolLine> PoolLines => Set<PoolLine>();
    public DbSet<DrawLogEntry> DrawLog => Set<DrawLogEntry>();
    public DbSet<VrfKey> VrfKeys => Set<VrfKey>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Expert>().Property(e => e.Id).ValueGeneratedNever();
        modelBuilder.Entity<Organisation>().Property(o => o.Id).ValueGeneratedNever();
        modelBuilder.Entity<VrfKey>().Property(k => k.Id).ValueGeneratedNever();
        modelBuilder.Entity<Lot>(e =>
        {
            e.Property(l => l.Id).ValueGeneratedNever();
            e.Property(l => l.Terms!).AsJson();
            e.Property(l => l.Bidders!).AsJson();
        });
        modelBuilder.Entity<Draw>(e =>
        {
            e.Property(d => d.Id).ValueGeneratedNever();
            e.Property(d => d.Excluded).AsJson();
            e.HasMany(d => d.Pool).WithOne().HasForeignKey(l => l.DrawId);
            e.HasMany(d => d.Exclusions).WithOne().HasForeignKey(x => x.DrawId);
            e.HasMany(d => d.Parties).WithOne().HasForeignKey(p => p.DrawId);
            e.HasMany(d => d.Seats).WithOne().HasForeignKey(s => s.DrawId);
            e.HasMany(d => d.Log).WithOne().HasForeignKey(l => l.DrawId);
        });
        modelBuilder.Entity<PoolLine>(e => { e.HasKey(l => new { l.DrawId, l.Number }); e.Property(l => l.Number).ValueGeneratedNever(); e.Ignore(l => l.Entry); });
        modelBuilder.Entity<Exclusion>().HasKey(x => new { x.DrawId, x.ExpertId });
        modelBuilder.Entity<Party>(e => { e.ToTable("draw_party").HasKey(p => new { p.DrawId, p.Round, p.Name }); e.Property(p => p.Round).ValueGeneratedNever(); });
        modelBuilder.Entity<Seat>(e => { e.HasKey(s => new { s.DrawId, s.Position }); e.Property(s => s.Position).ValueGeneratedNever(); });
        modelBuilder.Entity<DrawLogEntry>(e => { e.ToTable("draw_log").HasKey(l => new { l.DrawId, l.Number }); e.Property(l => l.Number).ValueGeneratedNever(); });
        modelBuilder.AddPlumbing();
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) => configurationBuilder.AddPlumbing();

    /// <summary>A draw to be changed: whoever else wants to change it waits. What hangs on it is read after the lock is held, never with it.</summary>
    public async Task<Draw?> LockDrawAsync(Guid id, CancellationToken ct)
    {
        var draw = await Draws.FromSql($"select * from draw where id = {id} for update").SingleOrDefaultAsync(ct);
        if (draw is null) return null;
        var entry = Entry(draw);
        await entry.Collection(d => d.Parties).LoadAsync(ct);
        await entry.Collection(d => d.Log).LoadAsync(ct);
        await entry.Collection(d => d.Seats).LoadAsync(ct);
        // Lines of the pool are wanted only where somebody may be drawn.
        if (draw.Stage is DrawStage.Revealing or DrawStage.Inviting) await entry.Collection(d => d.Pool).LoadAsync(ct);
        return draw;
    }

    /// <summary>Queues what happened in the draw; it leaves with the draw's new state.</summary>
    public void PublishWhatHappened(Draw draw, DateTimeOffset now)
    {
        // The events' own types name them in the outbox, hence the late binding.
        foreach (var happened in draw.TakeEvents()) Outbox.Publish((DbContext)this, (dynamic)happened, now);
    }
}
