using System.Net;
using System.Net.Http.Json;
using Tendering.Contracts;
using Tendering.Contracts.ExpertSelection;
using Tendering.Contracts.Tenders;
using Tendering.ExpertSelection.Data;
using Tendering.ExpertSelection.Domain;
using Tendering.ExpertSelection.Features;
using Tendering.ServiceDefaults;
using Tendering.Testing;

namespace Tendering.ExpertSelection.Tests.Features;

public class SecrecyTests(ExpertSelectionHost host) : IClassFixture<ExpertSelectionHost>
{
    [Fact]
    public async Task Before_the_result_no_role_sees_the_members_or_what_leads_to_them()
    {
        var scene = new Scene(host);
        await scene.DrawAsync();
        await scene.AcceptAllAsync();
        var seats = await scene.SeatsAsync();
        var proof = await host.InDbAsync<ExpertSelectionDb, string>(async db => (await db.Draws.FindAsync(scene.DrawId))!.Proof!);

        string[] paths = [$"/draws/{scene.DrawId}", $"/draws/{scene.DrawId}/record", $"/draws/{scene.DrawId}/pool", $"/lots/{scene.Lot}/draw", "/invitations"];
        var clients = Roles.All.Select(r => host.As(r)).Append(scene.Agency).Append(host.Public());
        foreach (var client in clients)
            foreach (var path in paths)
            {
                var body = await (await client.GetAsync(ExpertSelectionHost.Root + path)).Content.ReadAsStringAsync();
                Assert.DoesNotContain(scene.Experts, e => Shows(body, e));
                Assert.DoesNotContain(proof, body, StringComparison.Ordinal);
                Assert.DoesNotContain(seats, s => body.Contains(s.SigningKey!, StringComparison.Ordinal));
            }
        Assert.Equal(HttpStatusCode.NotFound, (await host.As(Roles.Supervisor).GetAsync($"{ExpertSelectionHost.Root}/draws/{scene.DrawId}/record")).StatusCode);
        var view = await scene.ViewAsync(scene.Centre);
        Assert.Null(view.Members);
        Assert.Null(view.Record);
    }

    [Fact]
    public async Task An_invited_expert_sees_itself_and_nobody_else()
    {
        var scene = new Scene(host);
        await scene.DrawAsync();
        foreach (var seat in await scene.SeatsAsync())
        {
            var body = await scene.Of(seat.ExpertId).GetStringAsync(ExpertSelectionHost.Root + "/invitations");
            Assert.All(scene.Experts, e => Assert.Equal(e.ExpertId == seat.ExpertId, Shows(body, e)));
            var mine = Assert.Single((await scene.Of(seat.ExpertId).GetFromJsonAsync<ListInvitations.Item[]>(ExpertSelectionHost.Root + "/invitations", ExpertSelectionHost.Json))!);
            Assert.Equal((scene.Lot, scene.DrawId, SeatStage.Invited, seat.AnswerBy), (mine.LotId, mine.DrawId, mine.Stage, mine.AnswerBy));
            Assert.True((await scene.PoolAsync())[mine.PoolNumber - 1].IsOf(mine.ExpertId, Protocols.Base64UrlText.Decode(mine.PoolSalt)));
        }
    }

    [Fact]
    public async Task Who_is_not_invited_finds_no_invitation()
    {
        var scene = new Scene(host);
        await scene.DrawAsync(experts: 5);
        var invited = (await scene.SeatsAsync()).Select(s => s.ExpertId).ToHashSet();
        var outsider = scene.Experts.First(e => !invited.Contains(e.ExpertId));
        Assert.Equal("[]", await scene.Of(outsider.ExpertId).GetStringAsync(ExpertSelectionHost.Root + "/invitations"));
        Assert.Equal(HttpStatusCode.NotFound, (await scene.AcceptAsync(outsider.ExpertId)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await scene.DeclineAsync(outsider.ExpertId)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound,
            (await host.As(Roles.Expert).PostAsync($"{ExpertSelectionHost.Root}/draws/{scene.DrawId}/decline", new DeclineInvitation.Request("I am nobody"))).StatusCode);
    }

    [Fact]
    public async Task With_the_award_notice_everyone_sees_the_members()
    {
        var scene = new Scene(host);
        await scene.DrawAsync();
        await scene.AcceptAllAsync();
        Assert.Equal(await host.Public().GetStringAsync($"{ExpertSelectionHost.Root}/draws/{scene.DrawId}/pool"), Assert.Single(await host.DocumentsAsync<ExpertSelectionDb>("draw-pool", scene.DrawId)));
        Assert.Empty(await host.DocumentsAsync<ExpertSelectionDb>("draw", scene.DrawId));
        await host.HearAsync(new AwardNoticeIssued(scene.Tender, scene.Lot, Guid.CreateVersion7(), host.Clock.GetUtcNow(), host.Clock.GetUtcNow()));
        await scene.KnownAsync(l => l.DisclosedAt is not null);
        var view = await scene.ViewAsync();
        var members = view.Members!;
        var kept = System.Text.Json.JsonDocument.Parse(Assert.Single(await host.DocumentsAsync<ExpertSelectionDb>("draw", scene.DrawId))).RootElement;
        Assert.True(System.Text.Json.JsonElement.DeepEquals(view.Record!.Value, kept.GetProperty("record")));
        Assert.Equal(view.Log.Length, kept.GetProperty("log").GetArrayLength());
        Assert.Equal((await scene.SeatsAsync()).Select(s => s.ExpertId), members.Select(m => m.ExpertId));
        Assert.All(members, m => Assert.Equal(scene.Experts.Single(e => e.ExpertId == m.ExpertId).Name, m.Name));
    }

    [Fact]
    public void Events_that_name_experts_are_marked_secret_until_the_result()
    {
        foreach (var type in new[] { typeof(CommitteeDrawn), typeof(ExpertAccepted), typeof(ExpertReplaced), typeof(CommitteeReady) }) Assert.Equal(Disclosure.Result, Outbox.NameOf(type).SecretUntil);
    }

    [Fact]
    public async Task The_library_is_the_centre_s()
    {
        foreach (var role in Roles.All.Where(r => r != Roles.Centre))
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await host.As(role).GetAsync(ExpertSelectionHost.Root + "/experts")).StatusCode);
            Assert.Equal(HttpStatusCode.Forbidden, (await host.As(role).PostAsync(ExpertSelectionHost.Root + "/draws", new AskForDraw.Request(Guid.NewGuid()))).StatusCode);
        }
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Public().GetAsync(ExpertSelectionHost.Root + "/experts")).StatusCode);
    }

    private static bool Shows(string body, EnteredExpert expert) =>
        body.Contains(expert.Name, StringComparison.Ordinal) || body.Contains(expert.ExpertId.ToString(), StringComparison.OrdinalIgnoreCase)
        || body.Contains(expert.PersonId.ToString(), StringComparison.OrdinalIgnoreCase) || body.Contains(expert.EmployerCode, StringComparison.Ordinal);
}
