using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>Guarantee letters: what waits for verification, what is valid, what is claimed and outstanding.</summary>
public static class ListGuaranteeLetters
{
    public const int PageMax = 100;

    /// <summary>Amounts in minor units. Outstanding: claimed and not yet received. AwaitsDecision: valid, and held until it is claimed or that is waived.</summary>
    public sealed record Item(
        Guid Id, Guid LotId, Guid BidderId, string Kind, string IssuerCode, string IssuerName, string Number, long Amount, string Currency, string Beneficiary, DateOnly ValidThrough, string DocumentHash,
        LetterStage Stage, DateTimeOffset PresentedAt, DateTimeOffset? DecidedAt, string? Refusal, bool HasExpired, long Claimed, long Outstanding, string? ClaimAccount, string? DecisionNumber, bool AwaitsDecision);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/guarantee-letters", Handle)
        .AllowRoles(Roles.Finance).DisableHttpMetrics().WithSummary("Guarantee letters").WithDescription("?stage=presented and the like; pages by the id of the last item seen: ?after=ID.");

    private static async Task<Ok<Item[]>> Handle(string? stage, Guid? lotId, Guid? after, [Range(1, PageMax)] int? limit, EscrowDb db, CancellationToken ct)
    {
        if (stage is not null && !Enum.GetNames<LetterStage>().Contains(stage, StringComparer.OrdinalIgnoreCase)) throw new MalformedException("stage", $"One of: {string.Join(", ", Enum.GetNames<LetterStage>()).ToLowerInvariant()}.");
        var page = db.GuaranteeLetters.AsNoTracking().Where(l => l.Id.CompareTo(after ?? Guid.Empty) > 0);
        if (stage is not null) page = page.Where(l => l.Stage == Enum.Parse<LetterStage>(stage, true));
        if (lotId is { } lot) page = page.Where(l => l.LotId == lot);
        var waiting = db.SubAccounts.Where(SubAccount.AwaitingDecision);
        return TypedResults.Ok(await page.OrderBy(l => l.Id).Take(limit ?? PageMax).Select(l => new Item(l.Id, l.LotId, l.BidderId, l.Kind, l.IssuerCode, l.IssuerName, l.Number, l.Amount, l.Currency,
            l.Beneficiary, l.ValidThrough, l.DocumentHash, l.Stage, l.PresentedAt, l.DecidedAt, l.Refusal, l.ExpiredAt != null, l.Claimed, l.Claimed - l.Received, l.ClaimAccount, l.DecisionNumber,
            l.Stage == LetterStage.Verified && waiting.Any(s => s.Id == l.SubAccountId))).ToArrayAsync(ct));
    }
}
