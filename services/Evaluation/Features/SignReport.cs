using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.Contracts;
using Tendering.Contracts.Evaluation;
using Tendering.Evaluation.Data;
using Tendering.ServiceDefaults;

namespace Tendering.Evaluation.Features;

/// <summary>A member signs the report's SHA-256 with the key that it took its seat with; the last answer completes the evaluation.</summary>
public static class SignReport
{
    public const int SignatureLength = 64;

    public sealed record Request([property: Required, StringLength(120)] string Signature);

    public sealed record Response(int Remaining);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/lots/{lotId:guid}/signatures", Handle)
        .AllowRoles(Roles.Expert).Idempotent<EvaluationDb>().WithSummary("Sign the evaluation report").WithDescription("ECDSA P-256 in IEEE P1363 form, base64, over the SHA-256 of the report as it is served.");

    private static async Task<Ok<Response>> Handle(Guid lotId, Request request, Caller caller, EvaluationDb db, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var signature = Read(request.Signature);
        var (evaluation, member) = await Committee.LockAsync(db, lotId, caller, ct);
        evaluation.Sign(member, signature, now);
        db.Publish(new ReportSigned(evaluation.TenderId, evaluation.Id, member.PersonId, evaluation.ReportHash!, Convert.ToBase64String(signature), now), now);
        await Committee.PublishCompletionAsync(db, evaluation, now, ct);
        await db.SaveChangesAsync(ct);
        return TypedResults.Ok(new Response(evaluation.Remaining));
    }

    private static byte[] Read(string text)
    {
        var bytes = new byte[SignatureLength + 32];
        return Convert.TryFromBase64String(text, bytes, out var written) && written == SignatureLength
            ? bytes[..written]
            : throw new MalformedException("signature", $"This must be a signature of {SignatureLength} bytes (IEEE P1363) in base64.");
    }
}
