using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Tenders.Domain;

public enum Category { Works, Goods, Services }

/// <summary>A document that bidders bid against, known by its hash (SHA-256, lower-case hexadecimal). Length in bytes.</summary>
public sealed record Document(string Name, string Sha256, long Length);

/// <summary>How bids are secured, besides by a transfer: which letters are taken, who needs no deposit, and how many days after the deadline bids bind (投标有效期).</summary>
public sealed record DepositTerms(int BidValidityDays, string[] LetterKinds, DepositExemption[] Exemptions)
{
    /// <summary>Who may issue a letter.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["bank", "insurer", "guarantor"];
}

/// <summary>A ground on which the documents ask for no deposit, in their own words.</summary>
public sealed record DepositExemption(string Ground, string Text);

/// <summary>One procedure from its draft to its contract, judged by one rule set. Its lots live their own lives from the publication on.</summary>
public sealed class Tender
{
    public const int LotsMax = 50, DocumentsMax = 100, CustodiansMax = BidManifest.CustodiansMax, ThresholdMin = 2;

    public Guid Id { get; private init; } = Guid.CreateVersion7();
    public required string Number { get; init; }
    public required string Title { get; init; }
    public required string RuleSetId { get; init; }
    public required Category Category { get; init; }
    public required Guid AgencyId { get; init; }
    public required string AgencyName { get; init; }

    /// <summary>Null where the tenderer is no registered organisation.</summary>
    public Guid? TendererId { get; init; }
    public string? TendererCode { get; init; }
    public required string TendererName { get; init; }
    public required int Threshold { get; init; }
    public required Document[] Documents { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Null where the documents say nothing: deposits are paid by transfer.</summary>
    public DepositTerms? DepositTerms { get; init; }

    /// <summary>How far the preparation has come, up to published.</summary>
    public Stage Preparation { get; private set; } = Stage.Draft;
    public int ReviewRound { get; private set; }
    public DateTimeOffset? PublishedAt { get; private set; }
    public List<Lot> Lots { get; private init; } = [];
    public List<Custodian> Custodians { get; private init; } = [];
    public List<Review> Reviews { get; private init; } = [];

    public RuleSet Rules => RuleSet.Get(RuleSetId);
    public bool IsPublished => Preparation == Stage.Published;
    public Stage Stage => IsPublished ? Lots.Min(l => l.Stage) : Preparation;

    /// <summary>SHA-256 over the canonical JSON of the list of documents.</summary>
    public string DocumentsHash => HexText.Sha256(CanonicalJson.Serialize(Documents));

    public Lot LotOf(Guid id) => Lots.Find(l => l.Id == id).Or404("lot");

    public void Entrust(params IEnumerable<Organisation> custodians)
    {
        foreach (var organisation in custodians)
            Custodians.Add(new Custodian { TenderId = Id, Index = Custodians.Count + 1, OrganisationId = organisation.Id, OrganisationName = organisation.Name });
    }

    /// <summary>A custodian brings its key, or a new one while the notice is not out.</summary>
    public void RegisterKey(Custodian custodian, string publicKey, DateTimeOffset now)
    {
        Rule.Require(!IsPublished, "custodian-keys-fixed", "The notice names the custodians' keys: they do not change any more.");
        Rule.Require(CustodianKey.IsPublicKey(publicKey), "custodian-key-invalid", "The key is no P-256 point of 65 bytes in base64url: make one with the portal or the command line.");
        Rule.Require(!Custodians.Exists(c => c != custodian && c.PublicKey == publicKey), "custodian-key-taken", "Another custodian has registered this key: each makes its own.");
        (custodian.PublicKey, custodian.RegisteredAt) = (publicKey, now);
    }

    public void RequestReview()
    {
        Take(Cause.ReviewRequested);
        ReviewRound++;
    }

    /// <summary>Step 1 is the industry authority's, step 2 the tendering office's: two organisations, neither of them a side of the tender.</summary>
    public Review Decide(int step, Guid authority, string? authorityCode, Guid person, bool approved, string opinion, DateTimeOffset now)
    {
        var next = Moves.Take(Moves.OfTender, Preparation, approved ? Cause.ReviewApproved : Cause.ReviewRejected, Rules);
        var due = Preparation == Stage.InReview ? 1 : 2;
        Rules.Require(RuleKey.DualReview, step == due, $"Step {due} of the review is due, not step {step}.");
        Rules.Require(RuleKey.DualReview, authority != AgencyId, "The agency that runs the tender cannot review it.");
        Rules.Require(RuleKey.DualReview, authority != TendererId && (TendererCode is null || authorityCode != TendererCode), "The tenderer cannot review its own tender.");
        Rules.Require(RuleKey.DualReview, !Reviews.Exists(r => r.Round == ReviewRound && r.AuthorityId == authority), "The second review is another authority's than the first.");
        var review = new Review { TenderId = Id, Round = ReviewRound, Step = step, AuthorityId = authority, PersonId = person, Approved = approved, Opinion = opinion, DecidedAt = now };
        Reviews.Add(review);
        Preparation = next;
        return review;
    }

    public void Publish(DateTimeOffset now)
    {
        var next = Moves.Take(Moves.OfTender, Preparation, Cause.Publication, Rules);
        Publication.RequireAll(this, now);
        foreach (var lot in Lots) lot.Publish(Rules);
        (Preparation, PublishedAt) = (next, now);
    }

    private void Take(Cause on) => Preparation = Moves.Take(Moves.OfTender, Preparation, on, Rules);
}
