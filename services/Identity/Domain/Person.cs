using Microsoft.AspNetCore.Identity;

namespace Tendering.Identity.Domain;

/// <summary>A person of one organisation, with the roles that the person may act in.</summary>
public sealed class Person : IdentityUser<Guid>
{
    public required Guid OrganisationId { get; init; }
    public required string DisplayName { get; init; }
    public required string[] Roles { get; init; }

    /// <summary>Made by the seeder with a password that everyone knows: never signs in outside development, even from a copied database.</summary>
    public bool Development { get; init; }

    public required DateTimeOffset OpenedAt { get; init; }
}
