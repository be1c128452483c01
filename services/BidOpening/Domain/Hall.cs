namespace Tendering.BidOpening.Domain;

/// <summary>As what somebody is present at an opening.</summary>
public enum Party { Bidder, Agency, Custodian, Supervisor, Centre }

/// <summary>What everybody can follow live: entries of a lot are numbered 1, 2, 3 … without gaps.</summary>
public sealed class HallEntry
{
    public required Guid LotId { get; init; }
    public required int Index { get; init; }

    /// <summary>The event's noun and past verb, kebab case.</summary>
    public required string Kind { get; init; }

    /// <summary>JSON.</summary>
    public required string Body { get; init; }

    public required DateTimeOffset At { get; init; }
}

/// <summary>An organisation is present, by a person of it. Whether one that came as a bidder has bid, only the closing list says.</summary>
public sealed class Attendance
{
    public required Guid LotId { get; init; }
    public required Guid OrganisationId { get; init; }
    public required Party Party { get; init; }

    /// <summary>Null for a bidder that came before the closing list was known, or has not bid at all.</summary>
    public string? OrganisationName { get; set; }

    public required Guid PersonId { get; init; }
    public required DateTimeOffset SignedInAt { get; init; }
}

/// <summary>An objection at the opening and its answer, both on the spot (开标异议).</summary>
public sealed class OpeningObjection
{
    public const int TextMax = 2_000, PerBidderMax = 10;

    public Guid Id { get; private init; } = Guid.CreateVersion7();
    public required Guid LotId { get; init; }

    /// <summary>In the lot, from 1.</summary>
    public required int Number { get; init; }

    public required Guid BidderId { get; init; }
    public required Guid PersonId { get; init; }
    public required string Text { get; init; }
    public required DateTimeOffset RaisedAt { get; init; }
    public string? Answer { get; private set; }
    public DateTimeOffset? AnsweredAt { get; private set; }

    public void Reply(string answer, DateTimeOffset now)
    {
        ServiceDefaults.Rule.Require(Answer is null, "objection-answered", "This objection has its answer, and it stands.");
        (Answer, AnsweredAt) = (answer, now);
    }
}

/// <summary>A present party confirms what was announced, as a signed-in person (session) or with its certificate.</summary>
public sealed class AnnouncementSignature
{
    public const string BySession = "session", ByCertificate = "certificate";

    public required Guid LotId { get; init; }
    public required Guid OrganisationId { get; init; }
    public required Guid PersonId { get; init; }
    public required string Way { get; init; }

    /// <summary>Detached CMS in base64 over the announcement's bytes.</summary>
    public string? Signature { get; init; }

    public required DateTimeOffset SignedAt { get; init; }
}

/// <summary>How long before the opening one may sign in, and how long those present have for objections and signatures, and then the agency for its answers.</summary>
public sealed record HallTimes(TimeSpan OpensBefore, TimeSpan Confirmation)
{
    public static HallTimes Default { get; } = new(TimeSpan.FromMinutes(60), TimeSpan.FromMinutes(30));
}
