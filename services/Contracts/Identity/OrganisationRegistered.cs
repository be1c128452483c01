namespace Tendering.Contracts.Identity;

/// <summary>An organisation entered the market under its unified social credit code (GB 32100-2015).</summary>
[Event("identity.organisation-registered")]
public sealed record OrganisationRegistered(Guid OrganisationId, string SocialCreditCode, string Name, string Kind, DateTimeOffset RegisteredAt);
