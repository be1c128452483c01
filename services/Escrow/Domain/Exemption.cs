using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Domain;

/// <summary>A bidder declares, with a document, that it is of those whom the tender documents ask for no deposit. Whether it is so the committee examines.</summary>
public sealed class Exemption
{
    public Guid Id { get; private init; } = Guid.CreateVersion7();
    public required Guid SubAccountId { get; init; }
    public required Guid TenderId { get; init; }
    public required Guid LotId { get; init; }
    public required Guid BidderId { get; init; }
    public required string Ground { get; init; }
    public required string DocumentHash { get; init; }
    public required DateTimeOffset DeclaredAt { get; init; }

    public static Exemption Declare(Lot lot, SubAccount bidder, string ground, string documentHash, DateTimeOffset now)
    {
        var rule = lot.Law(RuleKey.DepositExemption);
        Rule.Require(lot.Deposit > 0, "deposit-not-required", "This lot asks for no deposit: no exemption is needed.", rule.Id, rule.Article);
        Rule.Require(now < lot.BidDeadline && !lot.HasEnded, "exemption-too-late", $"An exemption is declared before the bid deadline, {lot.BidDeadline:u}.", rule.Id, rule.Article);
        Rule.Require(lot.ExemptionGrounds.Contains(ground), "exemption-not-allowed",
            lot.ExemptionGrounds.Length == 0 ? "The tender documents exempt nobody: pay the deposit." : $"The tender documents exempt on: {string.Join(", ", lot.ExemptionGrounds)}.", rule.Id, rule.Article);
        return new Exemption { SubAccountId = bidder.Id, TenderId = lot.TenderId, LotId = lot.Id, BidderId = bidder.BidderId, Ground = ground, DocumentHash = documentHash, DeclaredAt = now };
    }
}
