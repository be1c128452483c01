using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;
using Tendering.Evaluation.Data;
using Tendering.Evaluation.Domain;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Evaluation.Features;

/// <summary>The report to the byte, the same for print, and who signed it: to members once it is drawn, to everyone with the result.</summary>
public static class GetReport
{
    /// <summary>Opens the commitment that the report has for the seat: SHA-256 of canonical JSON of expert, name, employer, signing key and salt.</summary>
    public sealed record MemberItem(
        int Seat, Guid Expert, string Name, string Employer, string SigningKey, string Salt, AnswerKind? Answer, string? Signature, string? Reason, DateTimeOffset? AnsweredAt);

    public sealed record CommitteeResponse(Guid LotId, string ReportHash, MemberItem[] Members);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/lots/{lotId:guid}/report", HandleJson).AllowEveryone().WithSummary("The evaluation report").WithDescription("Canonical JSON; its SHA-256 is what members sign. Public with the result.");
        routes.MapGet("/lots/{lotId:guid}/report.html", HandlePage).AllowEveryone().WithSummary("The evaluation report for print");
        routes.MapGet("/lots/{lotId:guid}/committee", HandleCommittee).AllowEveryone().WithSummary("Who sat on the committee and how each answered the report").WithDescription("With the result.");
    }

    private static async Task<IResult> HandleJson(Guid lotId, Caller caller, EvaluationDb db, CancellationToken ct)
    {
        var (_, report) = await ReadableAsync(lotId, caller, db, ct);
        return TypedResults.Bytes(Encoding.UTF8.GetBytes(report.Text), "application/json");
    }

    private static async Task<ContentHttpResult> HandlePage(Guid lotId, Caller caller, EvaluationDb db, Secrets secrets, CancellationToken ct)
    {
        var (evaluation, report) = await ReadableAsync(lotId, caller, db, ct);
        var signatures = evaluation.Members.OrderBy(m => m.Seat)
            .Select(m => new ReportPage.SignatureLine(m.Seat, NameOf(evaluation, m, secrets), evaluation.Answers.SingleOrDefault(a => a.Seat == m.Seat)));
        return TypedResults.Text(ReportPage.Of(report.Read(), evaluation.ReportHash!, [.. signatures]), "text/html", Encoding.UTF8);
    }

    private static async Task<Ok<CommitteeResponse>> HandleCommittee(Guid lotId, EvaluationDb db, Secrets secrets, CancellationToken ct)
    {
        var evaluation = await db.LoadAsync(lotId, ct);
        if (evaluation?.DisclosedAt is null || evaluation.ReportHash is null) throw new NotFoundException("committee yet");
        return TypedResults.Ok(CommitteeOf(evaluation, secrets));
    }

    /// <summary>The same as canonical JSON.</summary>
    internal static string CommitteeText(LotEvaluation evaluation, IServiceProvider services) => Encoding.UTF8.GetString(CanonicalJson.CanonicalizeExactly(
        JsonSerializer.SerializeToUtf8Bytes(CommitteeOf(evaluation, services.GetRequiredService<Secrets>()), services.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions)));

    private static CommitteeResponse CommitteeOf(LotEvaluation evaluation, Secrets secrets) => new(evaluation.Id, evaluation.ReportHash!, [.. evaluation.Members.OrderBy(m => m.Seat).Select(m => Item(evaluation, m, secrets))]);

    private static async Task<(LotEvaluation, DrawnReport)> ReadableAsync(Guid lotId, Caller caller, EvaluationDb db, CancellationToken ct)
    {
        var evaluation = await db.LoadAsync(lotId, ct);
        if (evaluation is null || (evaluation.DisclosedAt is null && Committee.Find(evaluation, caller) is null)) throw new NotFoundException("report");
        return (evaluation, (await db.ReportAsync(evaluation, ct)).Or404("report"));
    }

    private static string? NameOf(LotEvaluation evaluation, Member member, Secrets secrets)
    {
        if (evaluation.DisclosedAt is null) return null;
        var identity = MemberIdentity.Unseal(member.SealedIdentity, secrets);
        return $"{identity.Name}（{identity.Employer}）";
    }

    private static MemberItem Item(LotEvaluation evaluation, Member member, Secrets secrets)
    {
        var (identity, answer) = (MemberIdentity.Unseal(member.SealedIdentity, secrets), evaluation.Answers.SingleOrDefault(a => a.Seat == member.Seat));
        return new MemberItem(member.Seat, identity.Expert, identity.Name, identity.Employer, identity.SigningKey, identity.Salt, answer?.Kind, answer?.Signature, answer?.Reason, answer?.At);
    }
}
