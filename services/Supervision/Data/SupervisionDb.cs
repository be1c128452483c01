using Microsoft.EntityFrameworkCore;
using Tendering.Contracts.Supervision;
using Tendering.ServiceDefaults;
using Tendering.Supervision.Domain;

namespace Tendering.Supervision.Data;

public sealed class SupervisionDb(DbContextOptions<SupervisionDb> options) : DbContext(options)
{
    public DbSet<RecordedEvent> Events => Set<RecordedEvent>();
    public DbSet<SourceStream> Streams => Set<SourceStream>();
    public DbSet<WaitingEvent> Waiting => Set<WaitingEvent>();
    public DbSet<Alarm> Alarms => Set<Alarm>();
    public DbSet<Rewriting> Rewritings => Set<Rewriting>();

    /// <summary>An alarm is a row and an event; both leave with the transaction.</summary>
    public void Raise(Alarm alarm)
    {
        Add(alarm);
        this.Publish(new AlarmRaised(alarm.Id, alarm.Kind, alarm.Source, alarm.Sequence, alarm.Detail, alarm.RaisedAt), alarm.RaisedAt);
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<RecordedEvent>(e =>
        {
            e.ToTable("event").HasKey(r => r.Index);
            e.Property(r => r.Index).ValueGeneratedNever();
        });
        modelBuilder.Entity<SourceStream>().ToTable("stream").HasKey(s => s.Source);
        modelBuilder.Entity<WaitingEvent>().ToTable("waiting").HasKey(w => new { w.Source, w.Sequence });
        modelBuilder.Entity<Alarm>().Property(a => a.Id).ValueGeneratedNever();
        modelBuilder.Entity<Rewriting>().HasKey(r => new { r.Source, r.Sequence, r.Hash });
        modelBuilder.AddPlumbing();
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) => configurationBuilder.AddPlumbing();
}

/// <summary>An event that came before its turn.</summary>
public sealed record WaitingEvent(string Source, long Sequence, string Envelope, byte[] Hash);

/// <summary>Another version of an event that is recorded already.</summary>
public sealed record Rewriting(string Source, long Sequence, byte[] Hash, string Envelope, Guid AlarmId);
