namespace Tendering.Contracts.Identity;

/// <summary>A person of an organisation may act in these roles from now on; who opened the account is the event's actor.</summary>
[Event("identity.account-opened")]
public sealed record AccountOpened(Guid PersonId, Guid OrganisationId, string[] Roles, DateTimeOffset OpenedAt);
