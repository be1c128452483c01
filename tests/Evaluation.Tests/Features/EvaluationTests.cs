using System.Net;
using System.Net.Http.Json;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tendering.Contracts;
using Tendering.Contracts.BidOpening;
using Tendering.Contracts.Credit;
using Tendering.Contracts.Escrow;
using Tendering.Contracts.Evaluation;
using Tendering.Contracts.Tenders;
using Tendering.Evaluation.Data;
using Tendering.Evaluation.Domain;
using Tendering.Evaluation.Features;
using Tendering.Protocols;
using Tendering.Testing;

namespace Tendering.Evaluation.Tests.Features;

public class EvaluationTests(EvaluationHost host) : IClassFixture<EvaluationHost>
{
    [Fact]
    public async Task From_the_facts_to_the_signed_report()
    {
        var scene = new Scene(host, members: 5);
        var (first, second, third, tooDear) = (scene.Bid(900_00), scene.Bid(800_00), scene.Bid(900_00), scene.Bid(1_000_01));
        await scene.StartAsync();
        Assert.Equal(4, Assert.Single(await Published<EvaluationStarted>(e => e.LotId == scene.Lot)).Bids);
        await scene.ConfirmAllAsync();
        await scene.SignAllAsync();

        var bytes = await scene.ReportBytesAsync();
        var completed = Assert.Single(await Published<EvaluationCompleted>(e => e.LotId == scene.Lot));
        Assert.Equal(HexText.Sha256(bytes), completed.ReportHash);
        Assert.Equal([(1, second.BidId), .. new[] { first.BidId, third.BidId }.Order().Select(id => (2, id))], completed.Candidates.Select(c => (c.Rank, c.BidId)));
        Assert.Equal((800_00, "CNY", second.BidderId), (completed.Candidates[0].Price, completed.Candidates[0].Currency, completed.Candidates[0].BidderId));
        var rejected = Assert.Single(await Published<BidRejected>(e => e.LotId == scene.Lot));
        Assert.Equal((tooDear.BidId, tooDear.BidderId, "price-above-ceiling", "A32"), (rejected.BidId, rejected.BidderId, rejected.Ground, rejected.Rule));
        Assert.Equal(scene.Members.Select(m => m.PersonId), (await Published<ReportSigned>(e => e.LotId == scene.Lot)).Select(e => e.PersonId));
        Assert.Equal(EvaluationStage.Completed, (await scene.ViewAsync()).Stage);
    }

    [Fact]
    public async Task The_report_can_be_computed_again_from_its_own_inputs()
    {
        var scene = new Scene(host);
        scene.Bid(900_00);
        scene.Bid(1_500_00);
        scene.Bid(null, "revoked");
        scene.Bid(700_00);
        scene.Bid(800_00);
        await scene.StartAsync();
        await scene.ConfirmAllAsync();
        var bytes = await scene.ReportBytesAsync();
        var report = CanonicalJson.Deserialize<EvaluationReport>(bytes);
        Assert.Equal(bytes, EvaluationReport.Draw(report.Inputs).Canonical());
        Assert.Equal(bytes, EvaluationReport.Draw(report.Inputs with { Bids = [.. report.Inputs.Bids.Reverse()], Votes = [.. report.Inputs.Votes.Reverse()] }).Canonical());
        Assert.Equal("not-opened", report.Bids.Single(b => b.Outcome == "not-opened").Ground);
        Assert.DoesNotContain(await Published<BidRejected>(e => e.LotId == scene.Lot), e => e.Ground == "not-opened");
    }

    [Fact]
    public async Task The_gates_open_in_every_order_and_the_evaluation_starts_once()
    {
        for (var first = 0; first < 3; first++)
            for (var second = 0; second < 3; second++)
            {
                if (first == second) continue;
                var scene = new Scene(host);
                scene.Bid(900_00);
                Func<Task>[] facts = [scene.PublishAsync, scene.OpenAsync, scene.SeatAsync];
                await facts[first]();
                await facts[second]();
                await facts[first]();
                await scene.EventuallyAsync(e => new[] { e.Terms is not null, e.Opening is not null, e.DrawId is not null }.Count(g => g) == 2, "two gates");
                Assert.Empty(await Published<EvaluationStarted>(e => e.LotId == scene.Lot));
                await facts[3 - first - second]();
                await scene.ReachedAsync(EvaluationStage.Examining);
                foreach (var fact in facts) await fact();
                // The queue keeps a tender's order: when this one has come, the repeats have.
                var bidder = scene.Bids[0];
                await scene.SecureAsync(bidder);
                await ServiceFixture.EventuallyAsync(() => host.InDbAsync<EvaluationDb, bool>(db => db.Deposits.AnyAsync(d => d.BidderId == bidder.BidderId)));
                Assert.Single(await Published<EvaluationStarted>(e => e.LotId == scene.Lot));
            }
    }

    [Fact]
    public async Task A_repeated_opening_with_other_bids_changes_nothing()
    {
        var scene = new Scene(host);
        scene.Bid(900_00);
        await scene.StartAsync();
        scene.Bid(1_00);
        await scene.OpenAsync();
        await scene.SeatAsync();
        await scene.SecureAsync(scene.Bids[0]);
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync<EvaluationDb, bool>(db => db.Deposits.AnyAsync(d => d.BidderId == scene.Bids[0].BidderId)));
        Assert.Single((await scene.ViewAsync()).Bids!);
        Assert.Equal(3, (await scene.ViewAsync()).Members);
    }

    [Fact]
    public async Task The_examination_proposes_each_ground_with_rule_and_article()
    {
        var scene = new Scene(host) { RuleSet = "jp-municipal", Currency = "JPY", Ceiling = 1_000, Minimum = 500, Deposit = 50 };
        var (good, high, low, unpaid, debarred, unopened) = (scene.Bid(600), scene.Bid(1_001), scene.Bid(499), scene.Bid(700), scene.Bid(800), scene.Bid(null, "revoked"));
        foreach (var bid in new[] { good, high, low, debarred }) await scene.SecureAsync(bid);
        await host.HearAsync(Decision(debarred.SocialCreditCode));
        await scene.StartAsync();
        await ServiceFixture.EventuallyAsync(async () => (await scene.ViewAsync()).Bids!.Single(b => b.BidId == debarred.BidId).Findings.Length == 1);

        var view = await scene.ViewAsync();
        Assert.Equal(
            [(good.BidId, "", ""), (high.BidId, "price-above-ceiling", "J4"), (low.BidId, "price-below-minimum", "J3"), (unpaid.BidId, "deposit-not-secured", "J12"), (debarred.BidId, "debarred", "J14"), (unopened.BidId, "not-opened", "J15")],
            view.Bids!.Select(b => (b.BidId, b.Findings.SingleOrDefault()?.Ground ?? "", b.Findings.SingleOrDefault()?.Rule ?? "")));
        Assert.All(view.Bids!.SelectMany(b => b.Findings), f => Assert.NotEqual("", f.Article));
        Assert.Equal([good.BidId], view.Ranking!.Select(r => r.BidId));
    }

    [Fact]
    public async Task A_deposit_that_escrow_tells_of_late_counts_and_the_opening_record_s_own_flag_does_not()
    {
        var scene = new Scene(host) { Deposit = 20_00 };
        var bid = scene.Bid(900_00);                                     // the record says secured, escrow has not said so
        await scene.StartAsync();
        Assert.Equal("deposit-not-secured", Assert.Single((await scene.ViewAsync()).Bids!.Single().Findings).Ground);
        await scene.SecureAsync(bid);
        await ServiceFixture.EventuallyAsync(async () => (await scene.ViewAsync()).Bids!.Single().Findings.Length == 0);
    }

    [Fact]
    public async Task A_deposit_that_went_back_before_the_evaluation_secures_no_bid_and_one_released_later_changes_nothing()
    {
        var scene = new Scene(host) { Deposit = 20_00 };
        var (withdrawn, kept) = (scene.Bid(900_00), scene.Bid(950_00));
        foreach (var bid in scene.Bids) await scene.SecureAsync(bid);
        Task ReleaseAsync(OpenedBid bid) => host.HearAsync(new DepositReleased(scene.Tender, scene.Lot, bid.BidderId, scene.Deposit, "CNY", "withdrawn", "A9", "条35", host.Clock.GetUtcNow(), host.Clock.GetUtcNow()));
        await ReleaseAsync(withdrawn);
        await scene.StartAsync();
        await ReleaseAsync(kept);
        await scene.SecureAsync(scene.Bids[0] with { BidderId = Guid.CreateVersion7() });
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync<EvaluationDb, bool>(async db => await db.Deposits.CountAsync(d => d.LotId == scene.Lot) == 2), "all of it to be heard");
        var view = await scene.ViewAsync();
        Assert.Equal(["deposit-not-secured"], view.Bids!.Single(b => b.BidId == withdrawn.BidId).Findings.Select(f => f.Ground));
        Assert.Empty(view.Bids!.Single(b => b.BidId == kept.BidId).Findings);
    }

    [Fact]
    public async Task A_debarment_that_ended_or_has_not_begun_is_no_finding()
    {
        var scene = new Scene(host);
        var (ended, future) = (scene.Bid(900_00), scene.Bid(800_00));
        var decision = Decision(ended.SocialCreditCode);
        await host.HearAsync(decision);
        await host.HearAsync(Decision(future.SocialCreditCode) with { From = host.Clock.GetUtcNow().AddYears(1), Until = host.Clock.GetUtcNow().AddYears(2) });
        await scene.StartAsync();
        await ServiceFixture.EventuallyAsync(async () => (await scene.ViewAsync()).Bids!.Single(b => b.BidId == ended.BidId).Findings.Length == 1);
        await host.HearAsync(new DebarmentEnded(decision.DebarmentId, ended.SocialCreditCode, "lifted", host.Clock.GetUtcNow()));
        await ServiceFixture.EventuallyAsync(async () => (await scene.ViewAsync()).Bids!.All(b => b.Findings.Length == 0));
    }

    [Fact]
    public async Task The_majority_decides_and_the_dissent_is_recorded_with_its_seat()
    {
        var scene = new Scene(host);
        var (a, b, c, d, e) = (scene.Bid(900_00), scene.Bid(800_00), scene.Bid(700_00), scene.Bid(600_00), scene.Bid(950_00));
        await scene.StartAsync();
        var proposal = await scene.ProposalAsync();
        ConfirmFindings.Item Reject(OpenedBid bid) => new(bid.BidId, false, "not-qualified", "the licence has expired");
        ConfirmFindings.Item[] With(params ConfirmFindings.Item[] own) => [.. proposal.Select(p => own.SingleOrDefault(o => o.BidId == p.BidId) ?? p)];
        foreach (var (member, findings) in scene.Members.Zip([With(Reject(d), Reject(a)), With(Reject(d)), proposal]))
            Assert.Equal(HttpStatusCode.OK, (await scene.ConfirmAsync(member, findings)).StatusCode);

        var report = await scene.ReportAsync();
        Assert.Equal([c.BidId, b.BidId, a.BidId, e.BidId], report.Ranking.Select(r => r.BidId));
        var rejected = report.Bids.Single(x => x.BidId == d.BidId);
        Assert.Equal(("rejected", 1, 2, "not-qualified", "the licence has expired", "A22"), (rejected.Outcome, rejected.For, rejected.Against, rejected.Ground, rejected.Explanation, rejected.Rule));
        Assert.Equal(3, Assert.Single(rejected.Dissents).Seat);
        Assert.Equal(1, Assert.Single(report.Bids.Single(x => x.BidId == a.BidId).Dissents).Seat);
        Assert.Contains(report.Rules, r => r.Id == "A22");
    }

    [Fact]
    public async Task Who_differs_from_the_examination_explains_in_writing()
    {
        var scene = new Scene(host);
        var (good, dear, unopened) = (scene.Bid(900_00), scene.Bid(1_500_00), scene.Bid(null, "withdrawn"));
        scene.Bid(850_00);
        scene.Bid(800_00);
        await scene.StartAsync();
        var proposal = await scene.ProposalAsync();
        ConfirmFindings.Item[] With(ConfirmFindings.Item own) => [.. proposal.Select(p => own.BidId == p.BidId ? own : p)];
        var me = scene.Members[0];
        var body = await RefusedAsync(scene.ConfirmAsync(me, With(new(dear.BidId, true))), "explanation-missing");
        Assert.Contains("\"rule\":\"A32\"", body, StringComparison.Ordinal);
        await RefusedAsync(scene.ConfirmAsync(me, With(new(good.BidId, false, "not-qualified"))), "explanation-missing");
        await RefusedAsync(scene.ConfirmAsync(me, With(new(unopened.BidId, true, null, "I would like to"))), "not-opened-bid");
        Assert.Equal(HttpStatusCode.BadRequest, (await scene.ConfirmAsync(me, With(new(good.BidId, false, "i-do-not-like-it", "no")))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await scene.ConfirmAsync(me, With(new(good.BidId, false, null, "no")))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await scene.ConfirmAsync(me, [.. proposal.Skip(1)])).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await scene.ConfirmAsync(me, [.. proposal, new(Guid.NewGuid(), true)])).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await scene.ConfirmAsync(me, [.. proposal, proposal[0]])).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await scene.ConfirmAsync(me, With(new(dear.BidId, true, null, "the ceiling was amended")))).StatusCode);
        await RefusedAsync(scene.ConfirmAsync(me, proposal), "already-confirmed");
    }

    [Fact]
    public async Task Few_valid_bids_need_a_reason_whether_competition_remains()
    {
        var scene = new Scene(host);
        scene.Bid(900_00);
        scene.Bid(800_00);
        scene.Bid(1_500_00);
        await scene.StartAsync();
        var proposal = await scene.ProposalAsync();
        var body = await RefusedAsync(scene.ConfirmAsync(scene.Members[0], proposal), "few-bids-reason-missing");
        Assert.Contains("\"rule\":\"A45f\"", body, StringComparison.Ordinal);
        await scene.ConfirmAllAsync("Two bids from independent firms are close in price: competition remains.");
        var report = await scene.ReportAsync();
        Assert.Equal((2, 3, 3), (report.FewBids!.Valid, report.FewBids.Fewer, report.FewBids.Reasons.Length));
        Assert.Equal(2, report.Candidates.Length);
    }

    [Fact]
    public async Task Where_only_the_majority_leaves_few_bids_the_last_member_is_asked()
    {
        var scene = new Scene(host);
        OpenedBid[] bids = [scene.Bid(900_00), scene.Bid(800_00), scene.Bid(700_00), scene.Bid(600_00), scene.Bid(500_00)];
        await scene.StartAsync();
        ConfirmFindings.Item[] Rejecting(params int[] which) =>
            [.. bids.Select((b, i) => which.Contains(i) ? new ConfirmFindings.Item(b.BidId, false, "not-qualified", "no licence") : new ConfirmFindings.Item(b.BidId, true))];
        Assert.Equal(HttpStatusCode.OK, (await scene.ConfirmAsync(scene.Members[0], Rejecting(0, 1))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await scene.ConfirmAsync(scene.Members[1], Rejecting(1, 2))).StatusCode);
        await RefusedAsync(scene.ConfirmAsync(scene.Members[2], Rejecting(0, 2)), "few-bids-reason-missing");
        Assert.Equal(HttpStatusCode.OK, (await scene.ConfirmAsync(scene.Members[2], Rejecting(0, 2), "two strong bids remain")).StatusCode);
        Assert.Equal(2, (await scene.ReportAsync()).Ranking.Length);
    }

    [Fact]
    public async Task A_rule_set_without_a_rule_on_few_bids_asks_no_reason()
    {
        var scene = new Scene(host) { RuleSet = "jp-municipal", Currency = "JPY" };
        scene.Bid(900);
        await scene.StartAsync();
        await scene.ConfirmAllAsync();
        Assert.Null((await scene.ReportAsync()).FewBids);
    }

    [Fact]
    public async Task When_every_bid_is_rejected_there_are_no_candidates()
    {
        var scene = new Scene(host);
        scene.Bid(1_500_00);
        scene.Bid(1_600_00);
        await scene.StartAsync();
        await scene.ConfirmAllAsync();
        await scene.SignAllAsync();
        Assert.Empty(Assert.Single(await Published<EvaluationCompleted>(e => e.LotId == scene.Lot)).Candidates);
        Assert.Equal(2, (await Published<BidRejected>(e => e.LotId == scene.Lot)).Count);
    }

    [Fact]
    public async Task A_signature_is_the_member_s_own_over_this_report()
    {
        var scene = new Scene(host);
        scene.Bid(900_00);
        await scene.StartAsync();
        var zeros = Convert.ToBase64String(new byte[64]);
        await RefusedAsync(scene.SignAsync(scene.Members[0], zeros), "not-signing");
        await scene.ConfirmAllAsync("one bid at a fair price");
        var report = await scene.ReportBytesAsync();
        await RefusedAsync(scene.SignAsync(scene.Members[0], scene.Members[1].Sign(report)), "signature-wrong");
        await RefusedAsync(scene.SignAsync(scene.Members[0], scene.Members[0].Sign([.. report, 0])), "signature-wrong");
        Assert.Equal(HttpStatusCode.BadRequest, (await scene.SignAsync(scene.Members[0], "AAAA")).StatusCode);
        var answer = await scene.SignAsync(scene.Members[0]);
        Assert.Equal(2, (await answer.Content.ReadFromJsonAsync<SignReport.Response>())!.Remaining);
        await RefusedAsync(scene.SignAsync(scene.Members[0]), "already-signed");
        Assert.Equal((1, 1), ((await scene.ViewAsync()).Signatures, Assert.Single((await scene.ViewAsync()).Answers!).Seat));
        Assert.Empty(await Published<EvaluationCompleted>(e => e.LotId == scene.Lot));
    }

    [Fact]
    public async Task Silence_counts_as_agreement_when_its_time_comes_and_is_recorded_as_silence()
    {
        var scene = new Scene(host);
        scene.Bid(900_00);
        await scene.StartAsync();
        await scene.ConfirmAllAsync("one bid at a fair price");
        await scene.SignAsync(scene.Members[0]);
        Assert.Equal(HttpStatusCode.OK, (await scene.Of(scene.Members[1]).PostAsync($"{scene.Path}/refusals", new RefuseToSign.Request("the price is below cost"))).StatusCode);
        Assert.Empty(await Published<EvaluationCompleted>(e => e.LotId == scene.Lot));
        host.Clock.Advance(LotEvaluation.SigningTime);
        await scene.ReachedAsync(EvaluationStage.Completed);
        Assert.Single(await Published<EvaluationCompleted>(e => e.LotId == scene.Lot));
        await RefusedAsync(scene.SignAsync(scene.Members[2]), "not-signing");
        await scene.DiscloseAsync();
        var committee = (await host.Public().GetFromJsonAsync<GetReport.CommitteeResponse>($"{scene.Path}/committee", EvaluationHost.Json))!;
        Assert.Equal([AnswerKind.Signature, AnswerKind.Refusal, AnswerKind.Silence], committee.Members.Select(m => m.Answer!.Value));
        Assert.Equal("the price is below cost", committee.Members[1].Reason);
        Assert.Contains("视为同意", await host.Public().GetStringAsync($"{scene.Path}/report.html"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Members_who_confirm_or_sign_at_once_lose_nothing_and_a_repeated_key_confirms_once()
    {
        var scene = new Scene(host, members: 5);
        scene.Bid(900_00);
        await scene.StartAsync();
        var proposal = await scene.ProposalAsync();
        var key = Guid.NewGuid().ToString();
        var calls = scene.Members.Select(m => scene.ConfirmAsync(m, proposal, "fair price")).ToList();
        Assert.All(await Task.WhenAll(calls), a => Assert.Equal(HttpStatusCode.OK, a.StatusCode));
        Assert.All(await Task.WhenAll(scene.Members.Select(m => scene.SignAsync(m))), a => Assert.Equal(HttpStatusCode.OK, a.StatusCode));
        Assert.Single(await Published<EvaluationCompleted>(e => e.LotId == scene.Lot));

        var other = new Scene(host);
        other.Bid(900_00);
        await other.StartAsync();
        var same = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ => await other.ConfirmAsync(other.Members[0], await other.ProposalAsync(), "fair price", key)));
        Assert.All(same, a => Assert.Equal(HttpStatusCode.OK, a.StatusCode));
        Assert.Equal(1, (await other.ViewAsync()).Confirmed);
    }

    [Fact]
    public async Task A_failed_lot_stops_its_evaluation()
    {
        var scene = new Scene(host);
        scene.Bid(900_00);
        await scene.StartAsync();
        var proposal = await scene.ProposalAsync();
        await host.HearAsync(new LotFailed(scene.Tender, scene.Lot, "terminated", "A12", "条31", host.Clock.GetUtcNow()));
        await scene.ReachedAsync(EvaluationStage.Stopped);
        await RefusedAsync(scene.ConfirmAsync(scene.Members[0], proposal), "not-examining");
    }

    [Fact]
    public async Task What_was_confirmed_drawn_or_answered_cannot_be_changed_even_by_the_service()
    {
        var scene = new Scene(host);
        scene.Bid(900_00);
        await scene.StartAsync();
        await scene.ConfirmAllAsync("fair price");
        await scene.SignAsync(scene.Members[0]);
        foreach (var sql in new[] { "update confirmation set votes = '[]'", "delete from confirmation", "update drawn_report set text = ''", "delete from report_answer", "update member set signing_key = ''" })
        {
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, await StateAsync(host.ConnectionString, sql));
            Assert.Equal(PostgresErrorCodes.RestrictViolation, await StateAsync(Owner, sql));
        }
    }

    [Fact]
    public async Task The_page_for_print_shows_the_report_and_escapes_what_others_wrote()
    {
        var scene = new Scene(host);
        scene.Bid(900_00);
        scene.Bid(1_500_00);
        await scene.StartAsync();
        await scene.ConfirmAllAsync("<script>alert(1)</script>");
        var page = await scene.Of(scene.Members[0]).GetStringAsync($"{scene.Path}/report.html");
        foreach (var expected in new[] { "评标报告", "Evaluation report", "900.00 CNY", "报价高于最高投标限价", "A32", "评标委员会签字", HexText.Sha256(await scene.ReportBytesAsync()), "The &lt;Tenderer&gt;" })
            Assert.Contains(expected, page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http", page, StringComparison.Ordinal);
    }

    private string Owner => new NpgsqlConnectionStringBuilder(Servers.Postgres) { Database = new NpgsqlConnectionStringBuilder(host.ConnectionString).Database, Pooling = false }.ConnectionString;

    private static async Task<string?> StateAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync())).SqlState;
    }

    private EnterpriseDebarred Decision(string code) =>
        new(Guid.CreateVersion7(), code, "A Company", "colluded", "D-1", "法53", host.Clock.GetUtcNow().AddDays(-1), host.Clock.GetUtcNow().AddYears(1));

    private async Task<List<T>> Published<T>(Func<T, bool> which) where T : class => [.. (await host.PublishedAsync<T, EvaluationDb>()).Where(which)];

    private static async Task<string> RefusedAsync(Task<HttpResponseMessage> call, string code)
    {
        var answer = await call;
        Assert.Equal((HttpStatusCode.Conflict, code), (answer.StatusCode, await answer.CodeAsync()));
        return await answer.Content.ReadAsStringAsync();
    }
}
