using System.Collections.Frozen;
using Tendering.Contracts;

namespace Tendering.Identity.Domain;

/// <summary>What an organisation is in the market. An expert's is his employer; a tenderer's people act in the agency's role for their own house.</summary>
public enum OrganisationKind { Bidder, Agency, Tenderer, Centre, Authority, Expert, Operator }

/// <summary>A legal person under its unified social credit code.</summary>
public sealed class Organisation
{
    // Which roles the people of which house may hold.
    public static readonly FrozenDictionary<OrganisationKind, string[]> RolesOf = new Dictionary<OrganisationKind, string[]>
    {
        [OrganisationKind.Bidder] = [Roles.Bidder],
        [OrganisationKind.Agency] = [Roles.Agency],
        [OrganisationKind.Tenderer] = [Roles.Agency],
        [OrganisationKind.Centre] = [Roles.Centre, Roles.Finance],
        [OrganisationKind.Authority] = [Roles.Supervisor],
        [OrganisationKind.Expert] = [Roles.Expert],
        [OrganisationKind.Operator] = [Roles.Operator],
    }.ToFrozenDictionary();

    public Guid Id { get; private init; } = Guid.CreateVersion7();
    public required string SocialCreditCode { get; init; }
    public required string Name { get; init; }
    public required OrganisationKind Kind { get; init; }
    public required DateTimeOffset RegisteredAt { get; init; }
}

/// <summary>The bank account (基本账户) that deposits must come from.</summary>
public sealed class BasicAccount
{
    public required Guid OrganisationId { get; init; }
    public required string Number { get; init; }
    public required string Name { get; init; }
    public required DateTimeOffset RegisteredAt { get; init; }
}
