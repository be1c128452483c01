namespace Tendering.Contracts.Identity;

/// <summary>The bank account (基本账户) from which an organisation's deposits must come, and to which they return.</summary>
[Event("identity.basic-account-registered", SecretUntil = Disclosure.Never)]
public sealed record BasicAccountRegistered(Guid OrganisationId, string AccountNumber, string AccountName, DateTimeOffset RegisteredAt);
