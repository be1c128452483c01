namespace Tendering.Contracts.BidOpening;

/// <summary>Random coefficients of the tender documents were drawn in public. With key, proof and price keys anybody draws them again; none where fewer than two price keys were found.</summary>
[Event("bid-opening.coefficients-drawn")]
public sealed record CoefficientsDrawn(Guid TenderId, Guid LotId, string VrfPublicKey, string Alpha, string Proof, DrawInput[] Inputs, DrawnCoefficient[] Coefficients, DateTimeOffset DrawnAt) : ITenderEvent;

/// <summary>A price key (base64url) that went into the seed; the bid's commitment fixed it before the deadline.</summary>
public sealed record DrawInput(Guid BidId, string PriceKey);

/// <summary>A coefficient and the value drawn, as the tender documents write it.</summary>
public sealed record DrawnCoefficient(string Name, string Value);
