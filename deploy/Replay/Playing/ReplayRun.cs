using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using Tendering.Protocols;
using Tendering.Replay.Auctions;
using Tendering.Replay.Client;

namespace Tendering.Replay.Playing;

/// <summary>What came out of a replay, to the fen.</summary>
public sealed record ReplayResult(int Tenders, int SameWinner, int Deposits, int Refunded, int Forfeited, int Events, int Gaps, bool Balanced, EscrowAccount Account, int Seconds)
{
    public override string ToString() =>
        $"REPLAY tenders={Tenders} same_winner={SameWinner} deposits={Deposits} refunded={Refunded} forfeited={Forfeited} events={Events} gaps={Gaps} seconds={Seconds}";
}

/// <summary>
/// Plays past auctions through the public face, every party as itself. All games go through a phase together, so that one clock
/// serves them all: nobody waits and nothing races.
/// </summary>
public sealed class ReplayRun(Market market, AuctionFile file, IReadOnlyList<Auction> auctions, int parallel, Action<string, int, int> progress)
{
    private const long BalanceAtStart = 9_000_000_000_000_000;
    private const decimal DepositPercent = 2;

    private readonly string _run = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
    private readonly RuleSet _rules = RuleSet.Get(file.Terms.RuleSet);
    private readonly List<Game> _games = [.. auctions.Select(a => new Game(a, Math.Max(1, (long)(a.CeilingPrice * DepositPercent / 100))))];
    private readonly ConcurrentDictionary<string, Bidder> _bidders = new();
    private readonly ConcurrentDictionary<Guid, long> _interest = new();
    private DateTimeOffset _deadline;

    public IReadOnlyList<Game> Games => _games;

    /// <summary>Called after every finished step of a phase, with the phase's name and how many are done: where chaos strikes.</summary>
    public Func<string, int, Task> AfterStep { get; init; } = (_, _) => Task.CompletedTask;

    public async Task<ReplayResult> PlayAsync(CancellationToken ct)
    {
        var start = Stopwatch.GetTimestamp();
        // Enough for everybody's business before the deadline on a clock that does not wait to be moved.
        _deadline = (await market.ClockAsync(ct)).Now + TimeSpan.FromDays((_rules.Find(RuleKey.TenderPeriod)?.Count ?? 1) + 2);
        await EachAsync("bidders enter", auctions.SelectMany(a => a.Bids).DistinctBy(b => b.BidderId).ToList(), EnterAsync, ct);
        await EachGameAsync("publish", PublishAsync, ct);
        await EachAsync("bid", _games.Where(g => g.Problem is null).SelectMany(g => g.Auction.Bids.Select(b => (Game: g, Bid: b))).ToList(), BidAsync, ct);
        await market.ReachAsync(_deadline, left => progress($"waiting {left:d\\.hh\\:mm\\:ss} for the deadline", 0, 1), ct);
        await EachGameAsync("open", OpenAsync, ct);
        await EachGameAsync("draw experts", DrawAsync, ct);
        await SeatAsync(ct);
        await EachGameAsync("evaluate", EvaluateAsync, ct);
        await EachGameAsync("publish candidates", PublishCandidatesAsync, ct);
        if (_games.Where(g => g.Problem is null).Select(g => g.PublicityEndsAt).DefaultIfEmpty().Max() is var publicity && publicity > default(DateTimeOffset))
            await market.ReachAsync(publicity, left => progress($"waiting {left:d\\.hh\\:mm\\:ss} for the publicity to end", 0, 1), ct);
        await EachGameAsync("award and contract", AwardAsync, ct);
        await EachGameAsync("refund", CheckRefundsAsync, ct);
        await EachGameAsync("audit", AuditAsync, ct);
        await EachAsync("bank balances", [.. _bidders.Values], CheckBalanceAsync, ct);
        progress("settle interest", 0, 1);
        var account = await market.SettleAsync(file.Terms.Currency, ct);
        progress("settle interest", 1, 1);
        return await ResultAsync(account, (int)Math.Ceiling(Stopwatch.GetElapsedTime(start).TotalSeconds), ct);
    }

    private async Task EnterAsync(AuctionBid bid, CancellationToken ct) =>
        _bidders[bid.BidderId] = await Bidder.EnterAsync(market, bid.BidderName, $"{_run}{bid.BidderId}", file.Terms.Currency, BalanceAtStart, ct);

    private async Task PublishAsync(Game game, CancellationToken ct)
    {
        var auction = game.Auction;
        var details = auction.Details.Length > 0 ? auction.Details : auction.Title;
        game.Tender = await Publishing.PublishAsync(market, _rules, auction.Title, details, _deadline, [new LotTerms(details, auction.CeilingPrice, auction.MinimumPrice, game.Deposit)], ct);
        game.Lot = game.Tender.Lots.Single().LotId;
    }

    private async Task BidAsync((Game Game, AuctionBid Bid) step, CancellationToken ct)
    {
        var ((game, bid), bidder) = (step, _bidders[step.Bid.BidderId]);
        await Guarded(game, async () =>
        {
            await bidder.RegisterAsync(game.Lot, ct);
            await bidder.PayDepositAsync(market, game.Lot, null, ct);
            await bidder.SubmitAsync(market, game.Tender, game.Lot, 1, bid.Price, file.Terms.Currency, ct);
            await bidder.DepositAsync(game.Lot, "secured", ct);
        });
    }

    private async Task OpenAsync(Game game, CancellationToken ct)
    {
        await market.Public.UntilAsync<Closing>($"api/bidding/lots/{game.Lot}/closing", _ => true, "the closing list", ct);
        await market.Public.UntilAsync<OpeningView>($"api/bid-opening/lots/{game.Lot}", o => o.Stage == "opening", "the opening to start", ct);
        foreach (var custodian in market.Custodians.Take(game.Tender.Threshold))
            game.Expect(await custodian.ReleaseAsync(game.Tender.TenderId, game.Lot, ct) == game.Auction.Bids.Count * SealedPart.All.Count, "not every share was good");
        await market.Public.UntilAsync<OpeningView>($"api/bid-opening/lots/{game.Lot}", o => o.Stage == "completed", "the opening to be completed", ct);
        var record = await market.Public.GetAsync<OpeningRecord>($"api/bid-opening/lots/{game.Lot}/record", ct);
        foreach (var bid in game.Auction.Bids)
            game.Expect(record.Bids.SingleOrDefault(b => b.BidderId == _bidders[bid.BidderId].Id)?.Price == bid.Price, $"the opening record does not show {bid.BidderName}'s price {bid.Price}");
        game.Expect(record.Bids.Length == game.Auction.Bids.Count, "the opening record has another number of bids");
    }

    private async Task DrawAsync(Game game, CancellationToken ct)
    {
        var draw = await RetryWhile("the opening to be known to expert selection", e => e.Code is "opening-not-completed" or "not-found",
            () => market.Centre.PostAsync<DrawStarted>("api/expert-selection/draws", new { lotId = game.Lot }, ct), ct);
        game.Draw = draw.DrawId;
        var secrets = new[] { market.Agency, market.Centre, market.Supervisor }.Select(s => (Session: s, Bytes: RandomNumberGenerator.GetBytes(32))).ToList();
        foreach (var (session, bytes) in secrets)
            await session.PostAsync($"api/expert-selection/draws/{draw.DrawId}/commitments", new { commitment = Convert.ToHexStringLower(SHA256.HashData(bytes)) }, ct);
        foreach (var (session, bytes) in secrets) await session.PostAsync($"api/expert-selection/draws/{draw.DrawId}/reveals", new { reveal = Convert.ToHexStringLower(bytes) }, ct);
    }

    // Experts look at their invitations; one look serves all games.
    private async Task SeatAsync(CancellationToken ct)
    {
        var (wanted, start) = (_games.Where(g => g.Problem is null).ToList(), Stopwatch.GetTimestamp());
        var needed = _rules.Find(RuleKey.CommitteeSize)?.Count ?? 5;
        while (wanted.Any(g => market.Experts.Count(e => e.Seats.Contains(g.Lot)) < needed))
        {
            await Parallel.ForEachAsync(market.Experts, new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = ct }, async (expert, token) => await expert.AcceptAllAsync(token));
            progress("seat committees", wanted.Count(g => market.Experts.Count(e => e.Seats.Contains(g.Lot)) >= needed), wanted.Count);
            if (Stopwatch.GetElapsedTime(start) > TimeSpan.FromMinutes(3)) throw new TimeoutException("Not all seats were taken in 3 minutes.");
            await Task.Delay(50, ct);
        }
    }

    private async Task EvaluateAsync(Game game, CancellationToken ct)
    {
        var members = market.Experts.Where(e => e.Seats.Contains(game.Lot)).ToList();
        EvaluationView? view = null;
        foreach (var member in members) view = await member.ConfirmAsync(game.Lot, ct);
        foreach (var member in members) await member.SignAsync(game.Lot, ct);
        foreach (var bid in game.Auction.Bids)
        {
            var rejected = view!.Bids!.Single(b => b.BidderName == bid.BidderName).Findings.Length > 0;
            game.Expect(rejected == !game.Auction.IsValid(bid), $"{bid.BidderName} at {bid.Price} was {(rejected ? "" : "not ")}rejected");
            game.Expect(bid.Remark.Length == 0 || rejected, $"history notes {bid.BidderName} as invalid ({bid.Remark})");
        }
    }

    private async Task PublishCandidatesAsync(Game game, CancellationToken ct)
    {
        await market.Agency.UntilAsync<Tender>($"api/tenders/{game.Tender.TenderId}", t => t.Lots.Single().Stage is "evaluated" or "failed", "the evaluation to be known", ct);
        var answer = await market.Agency.PostAsync<CandidatesAnswer>($"api/tenders/{game.Tender.TenderId}/lots/{game.Lot}/candidates", new { }, ct);
        (game.Candidates, game.PublicityEndsAt) = (answer.Candidates, answer.PublicityEndsAt);
    }

    private async Task AwardAsync(Game game, CancellationToken ct)
    {
        var lot = $"api/tenders/{game.Tender.TenderId}/lots/{game.Lot}";
        var first = game.Candidates.Where(c => c.Rank == 1).ToList();
        var winner = first.FirstOrDefault(c => c.BidderName == game.Auction.Winner.BidderName) ?? first[0];
        var reason = first.Count == 1 ? "The lowest evaluated price." : "Among equal lowest prices, as decided by lot at the time.";
        await market.Agency.PostAsync($"{lot}/award", new { bidId = winner.BidId, reason }, ct);
        await market.Agency.PostAsync($"{lot}/award-notice", new { }, ct);
        await market.Agency.PostAsync($"{lot}/contract", new { contractHash = Convert.ToHexStringLower(SHA256.HashData(winner.BidId.ToByteArray())) }, ct);
        game.Winner = winner.BidderName;
        game.Expect(winner.BidderName == game.Auction.Winner.BidderName, $"awarded to {winner.BidderName}, in history to {game.Auction.Winner.BidderName}");
        game.Expect(winner.Price == game.Auction.Winner.Price, $"awarded at {winner.Price}, history at {game.Auction.Winner.Price}");
    }

    private async Task CheckRefundsAsync(Game game, CancellationToken ct)
    {
        foreach (var bid in game.Auction.Bids)
        {
            var view = await _bidders[bid.BidderId].Session.UntilAsync<DepositView>($"api/escrow/lots/{game.Lot}/deposit", d => d.State == "refunded", "a refund", ct);
            game.Expect(view.Refunded == game.Deposit && view.Amount == game.Deposit, $"{bid.BidderName} paid {game.Deposit} and got {view.Refunded} back");
            game.Expect(view.Interest is null == (_rules.Find(RuleKey.InterestWinner) ?? _rules.Find(RuleKey.InterestLoser)) is null, "interest does not follow the rule set");
            _interest.AddOrUpdate(_bidders[bid.BidderId].Id, view.RecountedInterest(), (_, sum) => sum + view.RecountedInterest());
            if (view.Refunded == game.Deposit) game.Refunded++;
        }
    }

    // Supervision's own record says how often each thing happened.
    private async Task AuditAsync(Game game, CancellationToken ct)
    {
        var path = $"api/supervision/tenders/{game.Tender.TenderId}/timeline?limit=200";
        await market.Supervisor.UntilAsync<TimelineItem[]>(path, t => t.Count(e => e.Type == "escrow.deposit-refunded") >= game.Auction.Bids.Count || t.Length == 200, "supervision to hear the last refund", ct);
        var timeline = new List<TimelineItem>();
        for (TimelineItem[]? page = null; page is null or { Length: > 0 };)
        {
            page = await market.Supervisor.GetAsync<TimelineItem[]>($"{path}&after={(timeline.Count == 0 ? 0 : timeline[^1].Index)}", ct);
            timeline.AddRange(page);
        }
        game.Events = timeline.Count;
        game.Secured = timeline.Count(e => e.Type == "escrow.deposit-secured");
        game.Forfeited = timeline.Count(e => e.Type == "escrow.deposit-forfeited");
        foreach (var (type, times) in new[] { ("bidding.bid-submitted", game.Auction.Bids.Count), ("escrow.deposit-secured", game.Auction.Bids.Count), ("escrow.deposit-refunded", game.Auction.Bids.Count), ("tenders.contract-signed", 1) })
            game.Expect(timeline.Count(e => e.Type == type) == times, $"{type} happened {timeline.Count(e => e.Type == type)} times in place of {times}");
    }

    private async Task CheckBalanceAsync(Bidder bidder, CancellationToken ct)
    {
        if (_games.Any(g => g.Problem is not null)) return;                 // money of a broken game may rightly be elsewhere
        await market.Bank.AccountWhenAsync(bidder.Account, a => a.Balance == BalanceAtStart + _interest.GetValueOrDefault(bidder.Id), $"all of {bidder.Name}'s money to be back", ct);
    }

    private async Task<ReplayResult> ResultAsync(EscrowAccount account, int seconds, CancellationToken ct)
    {
        var streams = await market.Supervisor.GetAsync<StreamHead[]>("api/supervision/streams", ct);
        var balance = await market.Finance.GetAsync<TrialBalance>("api/escrow/trial-balance?check=true", ct);
        return new ReplayResult(_games.Count, _games.Count(g => g.SameWinner), _games.Sum(g => g.Secured), _games.Sum(g => g.Refunded), _games.Sum(g => g.Forfeited), _games.Sum(g => g.Events),
            streams.Sum(s => s.Gaps?.Length ?? 0), balance.Balanced, account, seconds);
    }

    private Task EachGameAsync(string phase, Func<Game, CancellationToken, Task> step, CancellationToken ct) =>
        EachAsync(phase, _games.Where(g => g.Problem is null).ToList(), (game, token) => Guarded(game, () => step(game, token)), ct);

    private async Task EachAsync<T>(string phase, IReadOnlyList<T> items, Func<T, CancellationToken, Task> step, CancellationToken ct)
    {
        var done = 0;
        progress(phase, 0, items.Count);
        await Parallel.ForEachAsync(items, new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = ct }, async (item, token) =>
        {
            await step(item, token);
            var now = Interlocked.Increment(ref done);
            progress(phase, now, items.Count);
            await AfterStep(phase, now);
        });
    }

    // One game that goes wrong is reported and does not take the others with it.
    private static async Task Guarded(Game game, Func<Task> step)
    {
        try { await step(); }
        catch (Exception e) when (e is RefusedException or TimeoutException or InvalidOperationException or HttpRequestException or System.Text.Json.JsonException) { game.Problem ??= e.Message; }
    }

    private static async Task<T> RetryWhile<T>(string what, Func<RefusedException, bool> early, Func<Task<T>> call, CancellationToken ct)
    {
        for (var start = Stopwatch.GetTimestamp(); ;)
        {
            try { return await call(); }
            catch (RefusedException e) when (early(e))
            {
                if (Stopwatch.GetElapsedTime(start) > TimeSpan.FromMinutes(2)) throw new TimeoutException($"Waited 120 s for {what}.", e);
                await Task.Delay(100, ct);
            }
        }
    }
}
