using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Domain;

/// <summary>An upload as the submission finds it; it is the bidder's own for this lot, or it is not found.</summary>
public sealed record UploadFacts(string Part, long Length, long Received, string? Digest);

/// <summary>What holds at the moment of a submission, read under the lot's lock.</summary>
public sealed record SubmissionFacts(bool IsOpen, DateTimeOffset Deadline, bool Registered, bool Revoked, int LastRevision, Guid? StandingBid, UploadFacts? Price, UploadFacts? Files);

/// <summary>May this bid be taken? Every no names its rule.</summary>
public static class Submission
{
    /// <summary>The manifest, if it is one of a sealed bid of this very lot, bidder and custodians.</summary>
    public static BidManifest Read(Lot lot, Guid bidder, ReadOnlySpan<byte> text)
    {
        var manifest = Parse(lot, text);
        lot.Require(manifest.Tender == lot.TenderId && manifest.Lot == lot.Id && manifest.Bidder == bidder, "manifest-of-another-bid",
            "The manifest names another tender, lot or bidder: seal the bid for this lot and organisation.", RuleKey.UnsealedBid);
        lot.Require(manifest.CustodianKeys.SequenceEqual(lot.CustodianKeys) && manifest.Threshold == lot.Threshold, "custodian-keys",
            "The bid is not sealed to the custodians and threshold of the tender notice: load the notice again and seal anew.", RuleKey.UnsealedBid);
        return manifest;
    }

    public static void RequireSigned(Lot lot, SignatureVerdict verdict, bool known, RevocationState revocation)
    {
        var (code, message) = verdict switch
        {
            SignatureVerdict.Good when revocation == RevocationState.Revoked => ("certificate-revoked", "The signing certificate is on its authority's revocation list: sign with a valid one."),
            SignatureVerdict.Good when revocation == RevocationState.Unknown => ("revocation-unknown", "The revocation list of your certificate's authority cannot be read at the moment: submit again in a minute."),
            SignatureVerdict.Good when known => (null, null),
            SignatureVerdict.Good => ("certificate-unknown", "The signing certificate is not one of your organisation's: sign with a certificate that is registered here."),
            SignatureVerdict.CertificateNotTrusted => ("certificate-not-trusted", "The signing certificate does not lead to a trusted authority."),
            SignatureVerdict.CertificateNotValidThen => ("certificate-not-valid", "The signing certificate is not valid at this time: renew it."),
            SignatureVerdict.CertificateNotForSigning => ("certificate-not-for-signing", "The certificate is not meant for signatures."),
            _ => ("unsigned-bid", "The signature is not a detached CMS of your organisation over this manifest: sign the manifest as it is."),
        };
        if (code is not null) lot.Require(false, code, message!, RuleKey.UnsealedBid);
    }

    /// <summary>The rest, under the lot's lock.</summary>
    public static void Judge(Lot lot, BidManifest manifest, SubmissionFacts facts, DateTimeOffset now)
    {
        lot.Require(facts.IsOpen && now < facts.Deadline, "late-bid", $"The deadline was {facts.Deadline:u}: no bid is taken after it.", RuleKey.LateBid);
        Rule.Require(facts.Registered, "not-registered", "Register for the lot before you bid on it.");
        lot.Require(!facts.Revoked, "certificate-revoked", "The signing certificate was revoked: sign with a valid one.", RuleKey.UnsealedBid);
        Rule.Require(manifest.Revision == facts.LastRevision + 1, "revision", $"The next bid on this lot has revision {facts.LastRevision + 1}: seal it with that number.");
        RequireUploaded(lot, manifest.Price, facts.Price);
        RequireUploaded(lot, manifest.Files, facts.Files);
    }

    private static void RequireUploaded(Lot lot, ManifestPart part, UploadFacts? upload)
    {
        lot.Require(upload is not null && upload.Part == part.Name && upload.Received == upload.Length, "incomplete-bid",
            $"The part {part.Name} has not been uploaded completely for this lot: finish its upload, then submit.", RuleKey.UnsealedBid);
        lot.Require(upload!.Length == part.Length && upload.Digest == part.Digest, "content-differs",
            $"The uploaded part {part.Name} is not the one that the manifest describes: upload the ciphertext again.", RuleKey.UnsealedBid);
    }

    private static BidManifest Parse(Lot lot, ReadOnlySpan<byte> text)
    {
        try { return BidManifest.Parse(text); }
        catch (ManifestException e)
        {
            lot.Require(false, "unsealed-bid", $"This is no manifest of a sealed bid ({e.Code}): {e.Message}", RuleKey.UnsealedBid);
            throw;
        }
    }
}
