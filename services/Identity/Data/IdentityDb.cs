using Microsoft.EntityFrameworkCore;
using Tendering.Identity.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Identity.Data;

/// <summary>ASP.NET Core Identity keeps people here, in tables of our own: of its user, only what is used is stored.</summary>
public sealed class IdentityDb(DbContextOptions<IdentityDb> options) : DbContext(options)
{
    public DbSet<Organisation> Organisations => Set<Organisation>();
    public DbSet<BasicAccount> BasicAccounts => Set<BasicAccount>();
    public DbSet<Person> People => Set<Person>();
    public DbSet<Session> Sessions => Set<Session>();
    public DbSet<Certificate> Certificates => Set<Certificate>();
    public DbSet<CertificateRoot> CertificateRoots => Set<CertificateRoot>();
    public DbSet<SigningKey> SigningKeys => Set<SigningKey>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Organisation>().Property(o => o.Id).ValueGeneratedNever();
        modelBuilder.Entity<BasicAccount>().HasKey(a => a.OrganisationId);
        modelBuilder.Entity<BasicAccount>().HasOne<Organisation>().WithOne().HasForeignKey<BasicAccount>(a => a.OrganisationId);
        modelBuilder.Entity<Session>().HasKey(s => s.SecretHash);
        modelBuilder.Entity<Certificate>().HasKey(c => c.SerialNumber);
        modelBuilder.Entity<Certificate>().HasOne<Organisation>().WithMany().HasForeignKey(c => c.OrganisationId);
        modelBuilder.Entity<CertificateRoot>().Property(r => r.Id).ValueGeneratedNever();
        modelBuilder.Entity<SigningKey>();
        modelBuilder.Entity<Person>(person =>
        {
            person.Property(p => p.Id).ValueGeneratedNever();
            person.HasOne<Organisation>().WithMany().HasForeignKey(p => p.OrganisationId);
            person.Property(p => p.ConcurrencyStamp).IsConcurrencyToken();
            // Locking out is by name and covers names that do not exist (SignInGuard); mail and telephone are not asked for.
            person.Ignore(p => p.AccessFailedCount).Ignore(p => p.LockoutEnabled).Ignore(p => p.LockoutEnd).Ignore(p => p.TwoFactorEnabled)
                .Ignore(p => p.Email).Ignore(p => p.NormalizedEmail).Ignore(p => p.EmailConfirmed).Ignore(p => p.PhoneNumber).Ignore(p => p.PhoneNumberConfirmed);
        });
        modelBuilder.AddPlumbing();
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) => configurationBuilder.AddPlumbing();
}

/// <summary>The root of the development authority; its key is protected.</summary>
public sealed class CertificateRoot
{
    public Guid Id { get; private init; } = Guid.CreateVersion7();
    public required string CertificatePem { get; init; }
    public required byte[] ProtectedKey { get; init; }
    public required DateTimeOffset NotAfter { get; init; }
}
