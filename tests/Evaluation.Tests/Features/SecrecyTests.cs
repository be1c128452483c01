using System.Net;
using System.Net.Http.Json;
using System.Text;
using Tendering.Contracts;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts.Evaluation;
using Tendering.Contracts.Tenders;
using Tendering.Evaluation.Data;
using Tendering.Evaluation.Domain;
using Tendering.Evaluation.Features;
using Tendering.Protocols;
using Tendering.ServiceDefaults;
using Tendering.Testing;

namespace Tendering.Evaluation.Tests.Features;

public class SecrecyTests(EvaluationHost host) : IClassFixture<EvaluationHost>
{
    [Fact]
    public async Task Others_than_members_see_the_stage_and_no_more_until_the_result()
    {
        var scene = await SignedAsync();
        foreach (var role in Roles.All.Where(r => r != Roles.Expert))
        {
            // A member's own person without the role of an expert is no member either.
            foreach (var client in new[] { host.As(role), host.As(role, person: scene.Members[0].PersonId) })
            {
                var body = await client.GetStringAsync(scene.Path);
                Assert.DoesNotContain(scene.Bids, b => body.Contains(b.BidderName, StringComparison.Ordinal) || body.Contains(b.BidId.ToString(), StringComparison.Ordinal));
                var view = (await client.GetFromJsonAsync<GetEvaluation.Response>(scene.Path, EvaluationHost.Json))!;
                Assert.Equal(new GetEvaluation.Response(scene.Lot, scene.Tender, EvaluationStage.Completed), view);
                foreach (var path in new[] { "/report", "/report.html", "/committee" }) Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync(scene.Path + path)).StatusCode);
                Assert.Equal(HttpStatusCode.Forbidden, (await client.PostAsync(scene.Path + "/confirmation", new ConfirmFindings.Request([]))).StatusCode);
            }
        }
        foreach (var path in new[] { "/report", "/report.html", "/committee" }) Assert.Equal(HttpStatusCode.NotFound, (await host.Public().GetAsync(scene.Path + path)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Public().GetAsync(scene.Path)).StatusCode);
    }

    [Fact]
    public async Task To_an_expert_who_does_not_sit_on_it_the_lot_does_not_exist()
    {
        var scene = await SignedAsync();
        var stranger = host.As(Roles.Expert);
        foreach (var path in new[] { "", "/report", "/report.html", "/committee" }) Assert.Equal(HttpStatusCode.NotFound, (await stranger.GetAsync(scene.Path + path)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await stranger.PostAsync(scene.Path + "/confirmation", new ConfirmFindings.Request([]))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await stranger.PostAsync(scene.Path + "/signatures", new SignReport.Request(Convert.ToBase64String(new byte[64])))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await stranger.PostAsync(scene.Path + "/refusals", new RefuseToSign.Request("no"))).StatusCode);
        var unknown = await stranger.GetAsync($"{EvaluationHost.Root}/lots/{Guid.NewGuid()}");
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task The_report_names_seats_and_with_the_result_everyone_sees_names_that_match_it()
    {
        var scene = await SignedAsync();
        foreach (var path in new[] { "", "/report", "/report.html" })
        {
            var body = await scene.Of(scene.Members[0]).GetStringAsync(scene.Path + path);
            Assert.DoesNotContain(scene.Members, m => Names(body, m));
        }
        Assert.Empty(await host.DocumentsAsync<EvaluationDb>("evaluation-report", scene.Lot));
        await scene.DiscloseAsync();

        var report = await scene.ReportAsync(host.Public());
        Assert.Equal(await host.Public().GetStringAsync($"{scene.Path}/report"), Assert.Single(await host.DocumentsAsync<EvaluationDb>("evaluation-report", scene.Lot)));
        var kept = Encoding.UTF8.GetBytes(Assert.Single(await host.DocumentsAsync<EvaluationDb>("committee", scene.Lot)));
        Assert.Equal(CanonicalJson.Canonicalize(await host.Public().GetByteArrayAsync($"{scene.Path}/committee")), kept);
        // The award notice comes after the candidates and says nothing twice.
        var again = await host.HearAsync(new AwardNoticeIssued(scene.Tender, scene.Lot, Guid.NewGuid(), host.Clock.GetUtcNow(), host.Clock.GetUtcNow()));
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync<EvaluationDb, bool>(async db => await db.Database.SqlQuery<int>($"select 1 as \"Value\" from inbox where event_id = {again}").AnyAsync()), "the award notice");
        Assert.Single(await host.PublishedAsync<Contracts.Platform.DocumentPublished, EvaluationDb>(), d => d.Kind == "committee" && d.Subject == scene.Lot);
        var committee = (await host.Public().GetFromJsonAsync<GetReport.CommitteeResponse>($"{scene.Path}/committee", EvaluationHost.Json))!;
        Assert.Equal(scene.Members.Select(m => (m.ExpertId, m.Name, m.Employer)), committee.Members.Select(m => (m.Expert, m.Name, m.Employer)));
        Assert.Equal(report.Inputs.Members.Select(m => m.Commitment), committee.Members.Select(m => new MemberIdentity(m.Expert, m.Name, m.Employer, m.SigningKey, m.Salt).Commitment));
        Assert.Equal(HexText.Sha256(await scene.ReportBytesAsync(host.Public())), committee.ReportHash);
        var page = await host.Public().GetStringAsync($"{scene.Path}/report.html");
        Assert.All(scene.Members, m => Assert.Contains(m.Name, page, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_database_names_nobody()
    {
        var scene = await SignedAsync();
        var (boxes, report) = await host.InDbAsync<EvaluationDb, (List<byte[]>, string)>(async db =>
            (await db.Set<Member>().Where(m => m.LotId == scene.Lot).Select(m => m.SealedIdentity).ToListAsync(), (await db.Reports.FindAsync(scene.Lot, 1))!.Text));
        Assert.Equal(scene.Members.Length, boxes.Count);
        foreach (var stored in boxes.Select(Encoding.UTF8.GetString).Append(report))
            Assert.DoesNotContain(scene.Members, m => Names(stored, m));
    }

    [Fact]
    public void Events_that_name_members_are_marked_secret_until_the_result()
    {
        Assert.Equal(Disclosure.Result, Outbox.NameOf(typeof(ReportSigned)).SecretUntil);
        Assert.Equal(Disclosure.Report, Outbox.NameOf(typeof(BidRejected)).SecretUntil);
    }

    private async Task<Scene> SignedAsync()
    {
        var scene = new Scene(host);
        scene.Bid(900_00);
        scene.Bid(800_00);
        scene.Bid(1_500_00);
        await scene.StartAsync();
        await scene.ConfirmAllAsync("two close prices");
        await scene.SignAllAsync();
        return scene;
    }

    private static bool Names(string body, TestMember member) => new[] { member.Name, member.Employer, member.ExpertId.ToString(), member.PersonId.ToString() }.Any(n => body.Contains(n, StringComparison.Ordinal));
}
