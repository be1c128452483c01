using System.Security.Cryptography;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Evaluation.Domain;

/// <summary>Who a member is: sealed in the database until the result, and committed to in the report by its hash.</summary>
public sealed record MemberIdentity(Guid Expert, string Name, string Employer, string SigningKey, string Salt)
{
    private const string Purpose = "evaluation/member";

    public string Commitment => HexText.Sha256(CanonicalJson.Serialize(new Opening(Expert, Name, Employer, SigningKey, Salt)));

    public static MemberIdentity Of(Guid expert, string name, string employer, string signingKey) =>
        new(expert, name, employer, signingKey, Base64UrlText.Encode(RandomNumberGenerator.GetBytes(32)));

    public byte[] Seal(Secrets secrets) => secrets.Protect(CanonicalJson.Serialize(new Opening(Expert, Name, Employer, SigningKey, Salt)), Purpose);

    public static MemberIdentity Unseal(byte[] box, Secrets secrets)
    {
        var opening = CanonicalJson.Deserialize<Opening>(secrets.Reveal(box, Purpose));
        return new MemberIdentity(opening.Expert, opening.Name, opening.Employer, opening.SigningKey, opening.Salt);
    }

    private sealed record Opening(Guid Expert, string Name, string Employer, string SigningKey, string Salt);
}

/// <summary>A seat of the committee. The person's id lets the member in; name and employer are sealed.</summary>
public sealed class Member
{
    public Guid LotId { get; private init; }

    /// <summary>From 1.</summary>
    public required int Seat { get; init; }

    public required Guid PersonId { get; init; }
    public required string SigningKey { get; init; }
    public required byte[] SealedIdentity { get; init; }
    public required string Commitment { get; init; }

    /// <summary>ECDSA P-256 in IEEE P1363 form over the report's SHA-256.</summary>
    public bool HasSigned(string reportHash, byte[] signature)
    {
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(Convert.FromBase64String(SigningKey), out _);
        return key.VerifyHash(Convert.FromHexString(reportHash), signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }
}

public enum AnswerKind { Signature, Refusal, Silence }

/// <summary>How a member answered the report: its signature, its written reason for refusing one, or silence, which counts as agreement.</summary>
public sealed class ReportAnswer
{
    public Guid LotId { get; private init; }
    public required int Round { get; init; }
    public required int Seat { get; init; }
    public required AnswerKind Kind { get; init; }
    public string? Signature { get; init; }
    public string? Reason { get; init; }
    public required DateTimeOffset At { get; init; }
}
