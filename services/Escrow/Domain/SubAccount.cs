using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Domain;

/// <summary>An organisation's registered basic account (基本账户).</summary>
public sealed class BasicAccount
{
    /// <summary>The organisation's.</summary>
    public required Guid Id { get; init; }

    public required string Number { get; set; }
    public required string Name { get; set; }
    public required DateTimeOffset RegisteredAt { get; set; }
}

/// <summary>A bidder's place in a lot. Registration, lot and basic account become known in any order; with the last of them the account is opened.</summary>
public sealed class SubAccount
{
    /// <summary>Also the ledger account's.</summary>
    public Guid Id { get; private init; } = Guid.CreateVersion7();

    public required Guid TenderId { get; init; }
    public required Guid LotId { get; init; }
    public required Guid BidderId { get; init; }
    public required string BidderName { get; set; }
    public DateTimeOffset? RegisteredAt { get; set; }

    /// <summary>The bid was revoked at the opening (撤销): a ground on which the deposit may be kept.</summary>
    public DateTimeOffset? RevokedAt { get; set; }

    /// <summary>The decision that the security of the revoked bid is not kept.</summary>
    public DateTimeOffset? WaivedAt { get; private set; }
    public string? WaiverNumber { get; private set; }
    public string? WaiverHash { get; private set; }

    /// <summary>It may be kept, and nobody has decided that it is not: it goes back with nobody else's.</summary>
    public bool AwaitsDecision => RevokedAt is not null && WaivedAt is null;

    /// <summary>The virtual account number; null until the account is open.</summary>
    public string? Number { get; private set; }

    public DateTimeOffset? OpenedAt { get; private set; }

    public void Waive(string decisionNumber, string decisionHash, DateTimeOffset now)
    {
        Rule.Require(AwaitsDecision, "illegal-move", "Only the security of a revoked bid awaits a decision, once.");
        (WaivedAt, WaiverNumber, WaiverHash) = (now, decisionNumber, decisionHash);
    }

    public bool MayOpen(Lot? lot, BasicAccount? basic) => Number is null && RegisteredAt is not null && lot is { Deposit: > 0 } && basic is not null;

    public Account Open(Lot lot, string number, DateTimeOffset now)
    {
        Rule.Require(Number is null, "illegal-move", "The sub-account is open already.");
        (Number, OpenedAt) = (number, now);
        return Chart.SubAccount(Id, number, lot.Currency);
    }
}
