namespace Tendering.Contracts.Tenders;

[Event("tenders.contract-signed")]
public sealed record ContractSigned(Guid TenderId, Guid LotId, Guid BidderId, long Price, string Currency, string ContractHash, DateTimeOffset SignedAt) : ITenderEvent;
