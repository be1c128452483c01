using System.Text.Json.Nodes;

namespace Tendering.Bid.Commands;

/// <summary>Small calls about one lot: where one stands, taking part, taking a bid back.</summary>
internal static class Lots
{
    private sealed record Withdrawn(Guid BidId, int NextRevision, DateTimeOffset WithdrawnAt);

    public static async Task<object> StatusAsync(Call call, CancellationToken ct)
    {
        var lot = call.Options.Id("--lot");
        using var session = await call.SignInAsync(ct);
        return await session.GetAsync<JsonObject>($"api/bidding/lots/{lot}", ct);
    }

    public static async Task<object> RegisterAsync(Call call, CancellationToken ct)
    {
        var lot = call.Options.Id("--lot");
        using var session = await call.SignInAsync(ct);
        return await session.PostAsync<JsonObject>($"api/bidding/lots/{lot}/registrations", new { }, ct);
    }

    public static async Task<object> WithdrawAsync(Call call, CancellationToken ct)
    {
        var lot = call.Options.Id("--lot");
        using var session = await call.SignInAsync(ct);
        return await session.PostAsync<Withdrawn>($"api/bidding/lots/{lot}/bids/withdrawal", new { }, ct);
    }
}
