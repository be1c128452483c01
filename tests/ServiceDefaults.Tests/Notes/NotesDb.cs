using Microsoft.EntityFrameworkCore;

namespace Tendering.ServiceDefaults.Tests.Notes;

public sealed class Note
{
    public required Guid Id { get; init; }
    public Guid? TenderId { get; init; }
    public required string Text { get; set; }
    public required DateTimeOffset TakenAt { get; init; }
    public DateTimeOffset? NextDueAt { get; set; }
    public int DueCount { get; set; }
}

public sealed class Reminder
{
    public required Guid Id { get; init; }
    public DateTimeOffset? NextDueAt { get; set; }
    public int DueCount { get; set; }
}

/// <summary>What a consumer did, in the order of its commits.</summary>
public sealed class Effect
{
    public long Id { get; private init; }
    public required Guid EventId { get; init; }
    public Guid? TenderId { get; init; }
    public required int Number { get; init; }
}

public sealed class NotesDb(DbContextOptions<NotesDb> options) : DbContext(options)
{
    public DbSet<Note> Notes => Set<Note>();
    public DbSet<Reminder> Reminders => Set<Reminder>();
    public DbSet<Effect> Effects => Set<Effect>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Note>().Property(n => n.Id).ValueGeneratedNever();
        modelBuilder.Entity<Reminder>().Property(n => n.Id).ValueGeneratedNever();
        modelBuilder.Entity<Effect>().Property(e => e.Id).UseIdentityAlwaysColumn();
        modelBuilder.AddPlumbing();
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) => configurationBuilder.AddPlumbing();
}
