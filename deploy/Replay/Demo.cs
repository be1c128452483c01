using System.Security.Cryptography;
using System.Text;
using Spectre.Console;
using Tendering.Protocols;
using Tendering.Replay.Client;

namespace Tendering.Replay;

/// <summary>
/// The command `demo`: one narrated tender of three lots under the tendering law. One bidder is debarred, one pays too little, one withdraws, one is
/// late, and one lot finds too few bidders.
/// </summary>
internal sealed class Demo
{
    private const string Currency = "CNY";
    private const long Balance = 100_000_000_00;
    private const int Steps = 21;

    private readonly Market _market;
    private readonly ProgressTask? _bar;
    private readonly Dictionary<string, Bidder> _bidders = [];
    private readonly string _run = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(3));
    private readonly RuleSet _rules = RuleSet.Get("cn-tendering");
    private Tender _tender = null!;
    private Guid[] _lots = [];
    private DateTimeOffset _deadline;
    private int _step;

    private Demo(Market market, ProgressTask? bar) => (_market, _bar) = (market, bar);

    public static async Task<int> RunAsync(Options options, CancellationToken ct)
    {
        using var market = await Market.EnterAsync(options.Gateway, options.Bank, options.Password, ct);
        if (Console.IsOutputRedirected) await new Demo(market, null).PlayAsync(ct);
        else await AnsiConsole.Progress().AutoClear(false).Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn())
            .StartAsync(context => new Demo(market, context.AddTask("一个项目的全过程 / one tender's whole life", maxValue: Steps)).PlayAsync(ct));
        Console.WriteLine($"""

            系统继续运行 / the system goes on running:   {options.Gateway}
            登录 / sign-ins (Development only), password {options.Password}
              agency 代理机构 · tenderer 招标人 · centre 交易中心 · finance 财务 · industry, office 双审 · supervisor 监督 · operator 运维 · expert01 … expert15 专家
            接口 / API documents: {options.Gateway}openapi
            """);
        return 0;
    }

    private async Task PlayAsync(CancellationToken ct)
    {
        await BiddersEnterAsync(ct);
        await PublishAsync(ct);
        await BidAsync(ct);
        await MisfortunesAsync(ct);
        await _market.ReachAsync(_deadline, _ => { }, ct);
        await AfterDeadlineAsync(ct);
        await OpenAsync(ct);
        await EvaluateAsync(ct);
        await AwardAsync(ct);
        await RefundAsync(ct);
    }

    private async Task BiddersEnterAsync(CancellationToken ct)
    {
        foreach (var name in new[] { "钱塘建设 Qiantang Construction", "西湖市政 West Lake Municipal", "运河工程 Canal Engineering", "龙井机电 Longjing Electric", "富春路桥 Fuchun Bridges", "湘湖建工 Xianghu Builders" })
            _bidders[name[..2]] = await Bidder.EnterAsync(_market, name, _run, Currency, Balance, ct);
        Say("六家企业登记入库，各自生成签名密钥", "six enterprises register; each makes its signing key on its own device");
    }

    private async Task PublishAsync(CancellationToken ct)
    {
        _deadline = (await _market.ClockAsync(ct)).Now + TimeSpan.FromDays(_rules.Get(RuleKey.TenderPeriod).Count + 2);
        var drafted = await Publishing.DraftAsync(_market, _rules, "钱江路综合整治工程 Qianjiang Road renewal", "demo", _deadline,
            [new("道路 road", 30_000_000_00, null, 300_000_00), new("管网 pipes", 12_000_000_00, null, 120_000_00), new("绿化 greenery", 3_000_000_00, null, 30_000_00)], ct);
        Say("三位密钥保管人各自生成密钥，公钥写入公告", "three custodians make their keys; any two can open, no one alone");
        await RefusedAsync("同一主管部门不能既初审又复审", "one authority cannot do both reviews", async () =>
        {
            await Publishing.ReviewAsync(_market.Industry, drafted, 1, ct);
            await Publishing.ReviewAsync(_market.Industry, drafted, 2, ct);
        });
        await Publishing.ReviewAsync(_market.Office, drafted, 2, ct);
        _tender = await Publishing.AnnounceAsync(_market, drafted, ct);
        _lots = [.. _tender.Lots.OrderBy(l => l.Number).Select(l => l.LotId)];
        Say($"双审通过，公告发布 {_tender.Number}，截标 {_deadline:yyyy-MM-dd HH:mm} UTC", "reviewed twice and published");
    }

    private async Task BidAsync(CancellationToken ct)
    {
        (string Who, int Lot, long Price)[] bids =
        [
            ("钱塘", 0, 27_900_000_00), ("西湖", 0, 28_350_000_00), ("运河", 0, 26_880_000_00), ("钱塘", 1, 11_200_000_00), ("西湖", 1, 10_960_000_00), ("运河", 1, 11_450_000_00),
            ("龙井", 1, 10_500_000_00), ("钱塘", 2, 2_800_000_00), ("西湖", 2, 2_750_000_00),
        ];
        foreach (var (who, lot, price) in bids)
        {
            var bidder = _bidders[who];
            await bidder.RegisterAsync(_lots[lot], ct);
            await bidder.PayDepositAsync(_market, _lots[lot], null, ct);
            await bidder.SubmitAsync(_market, _tender, _lots[lot], 1, price, Currency, ct);
            await bidder.DepositAsync(_lots[lot], "secured", ct);
        }
        Say($"{bids.Length} 份加密投标，回执已验签；截标前任何人都打不开", $"{bids.Length} sealed bids; receipts verified; nobody can read one before the deadline");
    }

    private async Task MisfortunesAsync(CancellationToken ct)
    {
        await _market.Supervisor.PostAsync("api/credit/debarments", new
        {
            socialCreditCode = _bidders["湘湖"].Code, enterpriseName = _bidders["湘湖"].Name, reason = "串通投标 collusion", decisionNumber = $"罚-{_run}", article = "法53",
            from = (await _market.ClockAsync(ct)).Now.AddMinutes(-1), until = (await _market.ClockAsync(ct)).Now.AddYears(1),
        }, ct);
        await RefusedAsync("被禁入的企业不能登记", "the debarred enterprise is refused at registration", async () =>
        {
            // The decision travels as an event; a registration that overtakes it is possible for some moments, for another lot each time.
            foreach (var lot in _lots)
            {
                await Task.Delay(300, ct);
                await _bidders["湘湖"].RegisterAsync(lot, ct);
            }
        });
        await _bidders["富春"].RegisterAsync(_lots[0], ct);
        var account = await _bidders["富春"].PayDepositAsync(_market, _lots[0], 100_00, ct);
        var refused = await _bidders["富春"].DepositAsync(_lots[0], "refused", ct);
        await _market.Bank.AccountWhenAsync(_bidders["富春"].Account, a => a.Balance == Balance, "the money to be back", ct);
        Say($"富春路桥只付了 100 元（应付 {account.Amount / 100:N0} 元），已原路退回：{refused.DepositReason}", "one pays too little: sent back to its account, with the reason");
        await _bidders["龙井"].Session.PostAsync($"api/bidding/lots/{_lots[1]}/bids/withdrawal", new { }, ct);
        await _market.Bank.AccountWhenAsync(_bidders["龙井"].Account, a => a.Balance == Balance, "the withdrawn bidder's deposit", ct);
        Say("龙井机电在截标前撤回投标，保证金已退还", "one withdraws before the deadline and has its deposit back");
    }

    private async Task AfterDeadlineAsync(CancellationToken ct)
    {
        foreach (var lot in _lots) await _market.Public.UntilAsync<Closing>($"api/bidding/lots/{lot}/closing", _ => true, "the closing list", ct);
        await RefusedAsync("迟到的投标被拒收", "the late bid is refused", () => _bidders["富春"].SubmitAsync(_market, _tender, _lots[0], 1, 26_000_000_00, Currency, ct));
        await _market.Public.UntilAsync<Tender>($"api/tenders/{_tender.TenderId}", t => t.Lots.Single(l => l.LotId == _lots[2]).Stage == "failed", "the third lot to fail", ct);
        Say("第三标段不足三家：不开标，流标，密文保持密封", "lot 3 has fewer than three bidders: nothing is opened, the lot fails, its bids stay sealed");
    }

    private async Task OpenAsync(CancellationToken ct)
    {
        foreach (var lot in _lots[..2])
        {
            await _market.Public.UntilAsync<OpeningView>($"api/bid-opening/lots/{lot}", o => o.Stage == "opening", "the opening", ct);
            var objection = lot == _lots[0] ? await EnterHallAsync(lot, ct) : (Guid?)null;
            foreach (var custodian in _market.Custodians.Take(2)) await custodian.ReleaseAsync(_tender.TenderId, lot, ct);
            if (objection is { } raised) await ConfirmInHallAsync(lot, raised, ct);
            await _market.Public.UntilAsync<OpeningView>($"api/bid-opening/lots/{lot}", o => o.Stage == "completed", "the opening to be completed", ct);
            var record = await _market.Public.GetAsync<OpeningRecord>($"api/bid-opening/lots/{lot}/record", ct);
            Say("开标：" + string.Join("；", record.Bids.Select(b => $"{b.BidderName.Split(' ')[0]} {b.Price / 100m:N2} 元")), "opened in public; the record shows every price and the key that proves it");
        }
    }

    private Bidder[] Present => [_bidders["钱塘"], _bidders["西湖"], _bidders["运河"]];

    private async Task<Guid> EnterHallAsync(Guid lot, CancellationToken ct)
    {
        foreach (var bidder in Present) await bidder.EnterHallAsync(lot, ct);
        await _market.Agency.PostAsync($"api/bid-opening/lots/{lot}/attendance", new { }, ct);
        var objection = await _bidders["西湖"].ObjectAsync(lot, "开标大厅的倒计时与公告所载时间是否一致？ Is the countdown in the hall that of the notice?", ct);
        Say("三家投标人与代理机构在开标大厅签到，一家当场提出异议", "three bidders and the agency sign in at the hall; one of them objects on the spot");
        return objection;
    }

    private async Task ConfirmInHallAsync(Guid lot, Guid objection, CancellationToken ct)
    {
        await _market.Public.UntilAsync<OpeningView>($"api/bid-opening/lots/{lot}", o => o.Stage == "confirming", "all bids to be read out", ct);
        await _market.Agency.PostAsync($"api/bid-opening/lots/{lot}/objections/{objection}/answer", new { answer = "一致，均以平台时钟为准。 It is: both follow the platform's clock." }, ct);
        foreach (var bidder in Present) await bidder.SignAnnouncementAsync(lot, ct);
        var announced = await _market.Public.GetBytesAsync($"api/bid-opening/lots/{lot}/announcement", ct);
        await _market.Agency.PostAsync($"api/bid-opening/lots/{lot}/signatures", new { announcedHash = Convert.ToHexStringLower(SHA256.HashData(announced)) }, ct);
        Say("异议当场答复；在场各方以证书签名确认唱标内容，记入开标记录", "the objection is answered; those present sign what was read out, bidders with their certificates; all of it is in the record");
    }

    private async Task EvaluateAsync(CancellationToken ct)
    {
        foreach (var lot in _lots[..2])
        {
            var draw = await StartDrawAsync(lot, ct);
            var parties = new[] { _market.Agency, _market.Centre, _market.Supervisor }.Select(s => (Session: s, Bytes: RandomNumberGenerator.GetBytes(32))).ToList();
            foreach (var (session, bytes) in parties) await session.PostAsync($"api/expert-selection/draws/{draw.DrawId}/commitments", new { commitment = Convert.ToHexStringLower(SHA256.HashData(bytes)) }, ct);
            foreach (var (session, bytes) in parties) await session.PostAsync($"api/expert-selection/draws/{draw.DrawId}/reveals", new { reveal = Convert.ToHexStringLower(bytes) }, ct);
            while (_market.Experts.Count(e => e.Seats.Contains(lot)) < 5)
                foreach (var expert in _market.Experts) await expert.AcceptAllAsync(ct);
            var members = _market.Experts.Where(e => e.Seats.Contains(lot)).ToList();
            foreach (var member in members) await member.ConfirmAsync(lot, ct);
            foreach (var member in members) await member.SignAsync(lot, ct);
        }
        Say("三方承诺—揭示随机抽取五名专家，评审并签名；任何人可复算", "three parties' commitments and a verifiable random function drew five experts each; they evaluated and signed");
    }

    private async Task<DrawStarted> StartDrawAsync(Guid lot, CancellationToken ct)
    {
        while (true)
        {
            try { return await _market.Centre.PostAsync<DrawStarted>("api/expert-selection/draws", new { lotId = lot }, ct); }
            catch (RefusedException e) when (e.Code is "opening-not-completed" or "not-found") { await Task.Delay(100, ct); }
        }
    }

    private async Task AwardAsync(CancellationToken ct)
    {
        var ends = DateTimeOffset.MinValue;
        var winners = new Dictionary<Guid, CandidateAnswer>();
        foreach (var lot in _lots[..2])
        {
            await _market.Public.UntilAsync<Tender>($"api/tenders/{_tender.TenderId}", t => t.Lots.Single(l => l.LotId == lot).Stage == "evaluated", "the evaluation", ct);
            var answer = await _market.Agency.PostAsync<CandidatesAnswer>($"api/tenders/{_tender.TenderId}/lots/{lot}/candidates", new { }, ct);
            (winners[lot], ends) = (answer.Candidates[0], ends > answer.PublicityEndsAt ? ends : answer.PublicityEndsAt);
        }
        Say($"中标候选人公示至 {ends:yyyy-MM-dd HH:mm} UTC", "candidates stand in public");
        await RefusedAsync("公示期内不得定标", "no award while the publicity lasts", () => DecideAsync(_lots[0], winners[_lots[0]], ct));
        await _market.ReachAsync(ends, _ => { }, ct);
        foreach (var lot in _lots[..2]) await DecideAsync(lot, winners[lot], ct);
        Say("中标并签约：" + string.Join("；", winners.Values.Select(w => $"{w.BidderName.Split(' ')[0]} {w.Price / 100m:N2} 元")), "awarded and contracted at the lowest evaluated prices");
    }

    private async Task DecideAsync(Guid lot, CandidateAnswer winner, CancellationToken ct)
    {
        var path = $"api/tenders/{_tender.TenderId}/lots/{lot}";
        await _market.Agency.PostAsync($"{path}/award", new { bidId = winner.BidId, reason = "经评审的最低投标价 lowest evaluated price" }, ct);
        await _market.Agency.PostAsync($"{path}/award-notice", new { }, ct);
        await _market.Agency.PostAsync($"{path}/contract", new { contractHash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(winner.BidderName))) }, ct);
    }

    private async Task RefundAsync(CancellationToken ct)
    {
        var interest = 0L;
        foreach (var bidder in _bidders.Values)
        {
            var borne = await InterestOfAsync(bidder, ct);
            interest += borne;
            await _market.Bank.AccountWhenAsync(bidder.Account, a => a.Balance == Balance + borne, $"{bidder.Name}'s money", ct);
        }
        Say($"全部保证金连同银行同期存款利息 {interest / 100m:N2} 元已退还，分文不差", "every deposit is back, with the bank's interest as anyone can count it again, to the fen");
        var account = await _market.SettleAsync(Currency, ct);
        if (!account.Agrees) throw new TimeoutException($"The bank's account and the books differ. {account}");
        Say($"银行向专户结息 {account.InterestCredited / 100m:N2} 元，财务入账；{account.Day:yyyy-MM-dd} 对账：银行余额与账面一致（{account.AtBank / 100m:N2} 元），无差异",
            "the bank credits the interest that was paid out, finance takes it; the day's statement and the books agree, without a difference");
        var streams = await _market.Supervisor.GetAsync<StreamHead[]>("api/supervision/streams", ct);
        Say($"监督：{streams.Length} 个服务的事件流，缺口 {streams.Sum(s => s.Gaps?.Length ?? 0)}", "supervision holds every service's stream without a gap");
        if (_bar is not null) _bar.Value = Steps;
    }

    private async Task<long> InterestOfAsync(Bidder bidder, CancellationToken ct)
    {
        var sum = 0L;
        foreach (var lot in _lots)
        {
            try
            {
                var path = $"api/escrow/lots/{lot}/deposit";
                if ((await bidder.Session.GetAsync<DepositView>(path, ct)).State is "none" or "refused") continue;
                sum += (await bidder.Session.UntilAsync<DepositView>(path, d => d.State == "refunded", "a refund", ct)).RecountedInterest();
            }
            catch (RefusedException e) when (e.Status == System.Net.HttpStatusCode.NotFound) { }         // no bidder of this lot
        }
        return sum;
    }

    private async Task RefusedAsync(string chinese, string english, Func<Task> attempt)
    {
        try { await attempt(); }
        catch (RefusedException e)
        {
            Say($"{chinese}（{e.Code}{(e.Rule is null ? "" : $"，{e.Rule} {e.Article}")}）", $"{english}: {e.Title}");
            return;
        }
        throw new InvalidOperationException($"{english}: but it was not refused.");
    }

    private void Say(string chinese, string english)
    {
        _step++;
        if (_bar is not null) _bar.Value = Math.Min(_step, Steps);
        AnsiConsole.MarkupLineInterpolated(System.Globalization.CultureInfo.InvariantCulture, $"[bold]{_step,2}[/]  {chinese}");
        AnsiConsole.MarkupLineInterpolated(System.Globalization.CultureInfo.InvariantCulture, $"    [grey]{english}[/]");
    }
}
