using Microsoft.EntityFrameworkCore;
using Tendering.Credit.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Credit.Data;

public sealed class CreditDb(DbContextOptions<CreditDb> options) : DbContext(options)
{
    public DbSet<Enterprise> Enterprises => Set<Enterprise>();
    public DbSet<Debarment> Debarments => Set<Debarment>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Enterprise>().Property(e => e.Id).ValueGeneratedNever();
        modelBuilder.Entity<Debarment>().Property(d => d.Id).ValueGeneratedNever();
        modelBuilder.AddPlumbing();
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) => configurationBuilder.AddPlumbing();
}
