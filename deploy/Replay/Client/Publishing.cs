using System.Security.Cryptography;
using System.Text;
using Tendering.Protocols;

namespace Tendering.Replay.Client;

/// <summary>What a lot asks for. Prices and deposit in minor units.</summary>
public sealed record LotTerms(string Title, long CeilingPrice, long? MinimumPrice, long Deposit);

/// <summary>The agency's way from a draft to the notice, with custodians and the two reviewing authorities.</summary>
public static class Publishing
{
    private const int OpeningMinutes = 24 * 60;

    public static async Task<Tender> PublishAsync(Market market, RuleSet rules, string title, string documents, DateTimeOffset deadline, IReadOnlyList<LotTerms> lots, CancellationToken ct)
    {
        var drafted = await DraftAsync(market, rules, title, documents, deadline, lots, ct);
        await ReviewAsync(market.Industry, drafted, 1, ct);
        await ReviewAsync(market.Office, drafted, 2, ct);
        return await AnnounceAsync(market, drafted, ct);
    }

    /// <summary>Draft, custodians' keys (made by the market's own custodians or as <paramref name="makeKeys"/> does), request for review.</summary>
    public static async Task<Drafted> DraftAsync(
        Market market, RuleSet rules, string title, string documents, DateTimeOffset deadline, IReadOnlyList<LotTerms> lots, CancellationToken ct, Func<Guid, Task>? makeKeys = null)
    {
        var content = Encoding.UTF8.GetBytes(documents);
        var drafted = await market.Agency.PostAsync<Drafted>("api/tenders/drafts", new
        {
            title, ruleSet = rules.Id, category = "works", tendererId = market.TendererSelf.OrganisationId, tendererName = market.TendererSelf.OrganisationName,
            documents = new[] { new { name = "招标文件 tender documents", sha256 = Convert.ToHexStringLower(SHA256.HashData(content)), length = Math.Max(1, content.Length) } },
            threshold = 2, custodianOrganisations = market.Custodians.Select(c => c.OrganisationId).ToArray(),
            lots = lots.Select((lot, i) => new
            {
                number = i + 1, title = lot.Title, ceilingPrice = lot.CeilingPrice, minimumPrice = lot.MinimumPrice, deposit = lot.Deposit, bidDeadline = deadline, openingAt = deadline,
                openingMinutes = OpeningMinutes, evaluationMethod = "lowest-evaluated-price", specialty = Market.Specialty, committeeSize = rules.Find(RuleKey.CommitteeSize)?.Count ?? 5,
            }).ToArray(),
        }, ct);
        if (makeKeys is not null) await makeKeys(drafted.TenderId);
        else foreach (var custodian in market.Custodians) await custodian.MakeKeyAsync(drafted.TenderId, ct);
        await market.Agency.PostAsync($"api/tenders/{drafted.TenderId}/review-requests", new { }, ct);
        return drafted;
    }

    public static Task ReviewAsync(Session authority, Drafted drafted, int step, CancellationToken ct) =>
        authority.PostAsync($"api/tenders/{drafted.TenderId}/reviews", new { step, approved = true, opinion = "同意 agreed" }, ct);

    public static async Task<Tender> AnnounceAsync(Market market, Drafted drafted, CancellationToken ct)
    {
        await market.Agency.PostAsync($"api/tenders/{drafted.TenderId}/publication", new { }, ct);
        return await market.Public.GetAsync<Tender>($"api/tenders/{drafted.TenderId}", ct);
    }
}
