namespace Tendering.Identity.Domain;

/// <summary>A key that tokens are signed with. The newest one signs; a retired one is published until no token of its can be alive.</summary>
public sealed class SigningKey
{
    public static readonly TimeSpan SignsFor = TimeSpan.FromDays(90), Afterlife = TimeSpan.FromHours(1);

    public required string Id { get; init; }
    public required byte[] ProtectedKey { get; init; }
    public required DateTimeOffset MadeAt { get; init; }
    public DateTimeOffset? RetiredAt { get; set; }

    public bool IsOld(DateTimeOffset now) => now >= MadeAt + SignsFor;
    public bool IsPublished(DateTimeOffset now) => RetiredAt is null || now < RetiredAt + Afterlife;
}
