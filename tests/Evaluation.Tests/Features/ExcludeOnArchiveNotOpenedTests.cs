using System.Net;
using System.Net.Http.Json;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tendering.Contracts;
using Tendering.Contracts.BidOpening;
using Tendering.Contracts.Evaluation;
using Tendering.Contracts.Tenders;
using Tendering.Evaluation.Data;
using Tendering.Evaluation.Domain;
using Tendering.Evaluation.Features;
using Tendering.Protocols;
using Tendering.Testing;

namespace Tendering.Evaluation.Tests.Features;

public class ExcludeOnArchiveNotOpenedTests(EvaluationHost host) : IClassFixture<EvaluationHost>
{
    [Fact]
    public async Task What_is_heard_before_anything_else_keeps_the_bid_out_of_the_evaluation()
    {
        var scene = new Scene(host);
        var (lost, others) = (scene.Bid(500_00), new[] { scene.Bid(600_00), scene.Bid(700_00), scene.Bid(800_00) });
        await HearAsync(scene, scene.Unopened(lost));                       // of a lot that nobody has told of
        await scene.StartAsync();
        var line = (await scene.ViewAsync()).Bids!.Single(b => b.BidId == lost.BidId);
        Assert.Equal((500_00, "withdrawn", "not-opened", "A36"), (line.Price, line.Verdict, Assert.Single(line.Findings).Ground, line.Findings[0].Rule));
        await scene.ConfirmAllAsync();
        await scene.SignAllAsync();

        var bytes = await scene.ReportBytesAsync();
        var report = CanonicalJson.Deserialize<EvaluationReport>(bytes);
        Assert.Equal(others.Select(b => b.BidId), report.Ranking.Select(r => r.BidId));
        var conclusion = report.Bids.Single(b => b.BidId == lost.BidId);
        Assert.Equal(("not-opened", 0, 0, "A36", "20号令31"), (conclusion.Outcome, conclusion.For, conclusion.Against, conclusion.Rule, conclusion.Article));
        Assert.Contains("ciphertext-missing", conclusion.Explanation, StringComparison.Ordinal);
        Assert.Equal((EvaluationReport.VersionTwo, new ArchiveFact("withdrawn", "platform", "ciphertext-missing", "A36", "20号令31", scene.Unopened(lost).DecidedAt)),
            (report.Version, report.Inputs.Bids.Single(b => b.Archive is not null).Archive));
        Assert.Equal(bytes, EvaluationReport.Draw(report.Inputs).Canonical());
        Assert.Empty(await Published<BidRejected>(e => e.LotId == scene.Lot));
        Assert.Equal(others.Select(b => b.BidId), Assert.Single(await Published<EvaluationCompleted>(e => e.LotId == scene.Lot)).Candidates.Select(c => c.BidId));
    }

    [Fact]
    public async Task While_members_confirm_the_bid_drops_out_and_what_they_said_of_it_counts_no_more()
    {
        var scene = new Scene(host);
        var (lost, second, third) = (scene.Bid(500_00), scene.Bid(600_00), scene.Bid(700_00));
        await scene.StartAsync();
        var all = await scene.ProposalAsync();
        foreach (var member in scene.Members.Take(2)) Assert.Equal(HttpStatusCode.OK, (await scene.ConfirmAsync(member, all)).StatusCode);
        await HearAsync(scene, scene.Unopened(lost, "revoked", "bidder", "archive-unfit"));
        Assert.Equal([second.BidId, third.BidId], (await scene.ViewAsync()).Ranking!.Select(r => r.BidId));
        await RefusedAsync(scene.ConfirmAsync(scene.Members[2], all, "two are enough"), "not-opened-bid");
        ConfirmFindings.Item[] left = [.. all.Where(i => i.BidId != lost.BidId)];
        await RefusedAsync(scene.ConfirmAsync(scene.Members[2], left), "few-bids-reason-missing");
        Assert.Equal(HttpStatusCode.OK, (await scene.ConfirmAsync(scene.Members[2], left, "two are enough")).StatusCode);

        var report = await scene.ReportAsync();
        Assert.Equal([second.BidId, third.BidId], report.Candidates.Select(c => c.BidId));
        Assert.Equal((2, "A45f"), (report.FewBids!.Valid, report.FewBids.Rule));
        Assert.Equal(report.Canonical(), EvaluationReport.Draw(report.Inputs).Canonical());
    }

    [Fact]
    public async Task A_report_that_is_being_signed_is_set_aside_for_one_without_the_bid_and_signed_anew()
    {
        var scene = new Scene(host);
        var (lost, next, dear) = (scene.Bid(500_00), scene.Bid(600_00), scene.Bid(1_500_00));
        scene.Bid(700_00);
        scene.Bid(800_00);
        await scene.StartAsync();
        await scene.ConfirmAllAsync();
        var (first, old) = (await scene.ReportBytesAsync(), (await scene.ReportAsync()).Canonical());
        Assert.Equal(HttpStatusCode.OK, (await scene.SignAsync(scene.Members[0])).StatusCode);
        await HearAsync(scene, scene.Unopened(lost));

        var report = await scene.ReportAsync();
        Assert.Equal(next.BidId, report.Candidates[0].BidId);
        Assert.DoesNotContain(report.Ranking, r => r.BidId == lost.BidId);
        Assert.Equal(report.Canonical(), EvaluationReport.Draw(report.Inputs).Canonical());
        var view = await scene.ViewAsync();
        Assert.Equal((EvaluationStage.Signing, 2, 0, 3, HexText.Sha256(report.Canonical())), (view.Stage, view.Round, view.Signatures, view.Confirmed, view.ReportHash));
        await RefusedAsync(scene.SignAsync(scene.Members[1], scene.Members[1].Sign(old)), "signature-wrong");
        await scene.SignAllAsync();                                          // the first one too
        var aside = Assert.Single(await Published<ReportSetAside>(e => e.LotId == scene.Lot));
        Assert.Equal((HexText.Sha256(first), lost.BidId, "A36", "20号令31"), (aside.ReportHash, aside.BidId, aside.Rule, aside.Article));
        Assert.Equal(HexText.Sha256(report.Canonical()), Assert.Single(await Published<EvaluationCompleted>(e => e.LotId == scene.Lot)).ReportHash);
        Assert.Equal([dear.BidId, dear.BidId], (await Published<BidRejected>(e => e.LotId == scene.Lot)).Select(e => e.BidId));      // of each report
        // What was drawn and signed first is kept.
        var rounds = await host.InDbAsync<EvaluationDb, List<int>>(db => db.Reports.Where(r => r.LotId == scene.Lot).OrderBy(r => r.Round).Select(r => r.Round).ToListAsync());
        Assert.Equal([1, 2], rounds);
        Assert.Equal(4, await host.InDbAsync<EvaluationDb, int>(async db => (await db.LoadAsync(scene.Lot, default))!.EveryAnswer.Count));
        await scene.DiscloseAsync();
        Assert.Equal(report.Canonical(), await scene.ReportBytesAsync(host.Public()));
    }

    [Fact]
    public async Task Where_the_set_aside_report_leaves_too_few_bids_the_members_are_asked_again_whether_competition_remains()
    {
        var scene = new Scene(host);
        var lost = scene.Bid(500_00);
        scene.Bid(600_00);
        scene.Bid(700_00);
        await scene.StartAsync();
        await scene.ConfirmAllAsync();
        await scene.SignAsync(scene.Members[0]);
        await HearAsync(scene, scene.Unopened(lost, cause: "custodians", fact: "shares-missing"));

        var view = await scene.ViewAsync();
        Assert.Equal((EvaluationStage.Examining, 2, 0, false, (string?)null), (view.Stage, view.Round, view.Confirmed, view.HasConfirmed, view.ReportHash));
        Assert.Equal(HttpStatusCode.NotFound, (await scene.Of(scene.Members[0]).GetAsync(new Uri($"{scene.Path}/report", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
        host.Clock.Advance(LotEvaluation.SigningTime);                      // the time to sign the old report is no moment any more
        await RefusedAsync(scene.ConfirmAsync(scene.Members[0], await scene.ProposalAsync()), "few-bids-reason-missing");
        await scene.ConfirmAllAsync("two strong bids remain");
        await scene.SignAllAsync();
        Assert.Equal(2, Assert.Single(await Published<EvaluationCompleted>(e => e.LotId == scene.Lot)).Candidates.Length);
    }

    [Fact]
    public async Task When_no_bid_is_left_there_are_no_candidates()
    {
        var scene = new Scene(host);
        var only = scene.Bid(500_00);
        await scene.StartAsync();
        await scene.ConfirmAllAsync("one fair price");
        await HearAsync(scene, scene.Unopened(only));
        await scene.SignAllAsync();
        Assert.Empty(Assert.Single(await Published<EvaluationCompleted>(e => e.LotId == scene.Lot)).Candidates);
    }

    [Fact]
    public async Task When_the_evaluation_is_complete_nothing_changes_and_agency_and_supervisor_are_told()
    {
        var scene = new Scene(host);
        var (lost, _) = (scene.Bid(500_00), scene.Bid(600_00));
        await scene.StartAsync();
        await scene.ConfirmAllAsync("two fair prices");
        await scene.SignAllAsync();
        var before = await scene.ReportBytesAsync();
        await HearAsync(scene, scene.Unopened(lost), expectExcluded: false);

        var late = Assert.Single(await Published<LateFactRecorded>(e => e.LotId == scene.Lot));
        Assert.Equal((lost.BidId, lost.BidderName, "withdrawn", "platform", "ciphertext-missing", "A36", "20号令31"), (late.BidId, late.BidderName, late.Verdict, late.Cause, late.Fact, late.Rule, late.Article));
        Assert.Empty(await Published<BidExcluded>(e => e.LotId == scene.Lot));
        Assert.Equal(before, await scene.ReportBytesAsync());
        Assert.Equal(EvaluationStage.Completed, (await scene.ViewAsync()).Stage);
        foreach (var role in new[] { Roles.Agency, Roles.Supervisor })
            Assert.Equal(lost.BidId, Assert.Single((await host.As(role).GetFromJsonAsync<GetEvaluation.Response>(scene.Path, EvaluationHost.Json, TestContext.Current.CancellationToken))!.LateFacts!).BidId);
        Assert.Null((await host.As(Roles.Bidder).GetFromJsonAsync<GetEvaluation.Response>(scene.Path, EvaluationHost.Json, TestContext.Current.CancellationToken))!.LateFacts);
    }

    [Fact]
    public async Task Of_a_lot_that_failed_nothing_follows_from_it()
    {
        var scene = new Scene(host);
        var lost = scene.Bid(500_00);
        await scene.StartAsync();
        await host.HearAsync(new LotFailed(scene.Tender, scene.Lot, "terminated", "A12", "条31", host.Clock.GetUtcNow()));
        await scene.ReachedAsync(EvaluationStage.Stopped);
        await HearAsync(scene, scene.Unopened(lost), expectExcluded: false);
        Assert.Empty(await Published<LateFactRecorded>(e => e.LotId == scene.Lot));
    }

    [Fact]
    public async Task What_is_told_twice_changes_nothing_and_is_not_changed_even_by_the_service()
    {
        var scene = new Scene(host);
        var lost = scene.Bid(500_00);
        scene.Bid(600_00);
        await scene.StartAsync();
        await scene.ConfirmAllAsync("two fair prices");
        var id = Guid.CreateVersion7();
        await host.HearAsync(scene.Unopened(lost), id: id);
        await host.HearAsync(scene.Unopened(lost), id: id);                  // the same event again
        await host.HearAsync(scene.Unopened(lost, "revoked", "bidder"));     // and in other words
        await scene.SecureAsync(lost);                                       // the queue keeps a tender's order
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync<EvaluationDb, bool>(db => db.Deposits.AnyAsync(d => d.BidderId == lost.BidderId)));
        Assert.Single(await Published<BidExcluded>(e => e.LotId == scene.Lot));
        Assert.Equal(2, (await scene.ViewAsync()).Round);
        Assert.Equal("withdrawn", (await scene.ReportAsync()).Inputs.Bids.Single(b => b.Archive is not null).Archive!.Verdict);
        await using var connection = new NpgsqlConnection(host.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand("update unopened_archive set verdict = 'revoked'", connection);
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, (await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken))).SqlState);
    }

    private async Task HearAsync(Scene scene, ArchiveNotOpened told, bool expectExcluded = true)
    {
        await host.HearAsync(told);
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync<EvaluationDb, bool>(db => db.UnopenedArchives.AnyAsync(a => a.BidId == told.BidId)), "the fact");
        if (!expectExcluded) return;
        var excluded = Assert.Single(await Published<BidExcluded>(e => e.LotId == scene.Lot));
        Assert.Equal((told.BidId, told.BidderId, told.Verdict, told.Cause, told.Fact, told.Rule, told.Article), (excluded.BidId, excluded.BidderId, excluded.Verdict, excluded.Cause, excluded.Fact, excluded.Rule, excluded.Article));
    }

    private async Task<List<T>> Published<T>(Func<T, bool> which) where T : class => [.. (await host.PublishedAsync<T, EvaluationDb>()).Where(which)];

    private static async Task RefusedAsync(Task<HttpResponseMessage> call, string code)
    {
        var answer = await call;
        Assert.Equal((HttpStatusCode.Conflict, code), (answer.StatusCode, await answer.CodeAsync()));
    }
}
