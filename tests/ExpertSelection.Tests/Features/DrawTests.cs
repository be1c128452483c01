using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Tendering.Contracts;
using Tendering.Contracts.ExpertSelection;
using Tendering.Contracts.Tenders;
using Tendering.ExpertSelection.Data;
using Tendering.ExpertSelection.Domain;
using Tendering.ExpertSelection.Features;
using Tendering.Protocols;
using Tendering.ServiceDefaults;
using Tendering.Testing;

namespace Tendering.ExpertSelection.Tests.Features;

public class DrawTests(ExpertSelectionHost host) : IClassFixture<ExpertSelectionHost>
{
    [Fact]
    public async Task Three_parties_draw_a_committee_that_anyone_can_check()
    {
        var scene = new Scene(host);
        await scene.DrawAsync(experts: 9, committeeSize: 5);
        await scene.AcceptAllAsync();
        Assert.Equal(DrawStage.Ready, await scene.StageAsync());
        await scene.DiscloseAsync();

        var (record, pool, view) = (await scene.RecordAsync(), await scene.PoolAsync(), await scene.ViewAsync());
        Assert.Empty(ExpertDraw.Verify(record, pool));
        Assert.Equal(record.CheckpointRoot, RootOf(view.Log.Take(4).Select(e => e.GetRawText())));
        Assert.Equal(["pool-frozen", "draw-committed", "draw-committed", "draw-committed", "draw-revealed", "draw-revealed", "draw-revealed", "committee-drawn"],
            view.Log.Select(e => e.GetProperty("kind").GetString()));
        Assert.Equal(5, view.Members!.Length);
        foreach (var member in view.Members) Assert.True(pool[member.PoolNumber - 1].IsOf(member.ExpertId, Base64UrlText.Decode(member.PoolSalt)));
        var key = await host.Public().GetFromJsonAsync<GetVrfKey.Response>(ExpertSelectionHost.Root + "/vrf-key");
        Assert.Equal(record.VrfPublicKey, key!.PublicKey);
        Assert.True(key.PublishedAt < view.FrozenAt);
    }

    [Fact]
    public async Task Every_step_is_told_once()
    {
        var scene = new Scene(host);
        var frozen = await scene.FreezeAsync();
        await scene.CommitAllAsync();
        foreach (var party in Party.All) await scene.RevealAsync(party);
        await scene.AcceptAllAsync();

        Assert.Equal(frozen.PoolHash, Assert.Single(await Published<PoolFrozen>(e => e.DrawId == scene.DrawId)).PoolHash);
        Assert.Equal(Party.All, (await Published<DrawCommitted>(e => e.DrawId == scene.DrawId)).Select(e => e.Party));
        Assert.Equal(Party.All.Select(p => scene.Bytes[p]), (await Published<DrawRevealed>(e => e.DrawId == scene.DrawId)).Select(e => e.Reveal));
        var drawn = Assert.Single(await Published<CommitteeDrawn>(e => e.DrawId == scene.DrawId));
        Assert.Empty(ExpertDraw.Verify(CanonicalJson.Deserialize<DrawRecord>(Encoding.UTF8.GetBytes(drawn.Record)), await scene.PoolAsync()));
        Assert.Equal(drawn.ExpertIds.Order(), (await Published<ExpertAccepted>(e => e.DrawId == scene.DrawId)).Select(e => e.ExpertId).Order());
        var ready = Assert.Single(await Published<CommitteeReady>(e => e.DrawId == scene.DrawId));
        Assert.Equal(drawn.ExpertIds, ready.Members.Select(m => m.ExpertId));
        Assert.All(ready.Members, m => Assert.Equal(scene.Experts.Single(e => e.ExpertId == m.ExpertId), new EnteredExpert(m.ExpertId, m.PersonId, m.Name, m.Employer, scene.Experts.Single(e => e.ExpertId == m.ExpertId).EmployerCode)));
        // The public log fixes what was drawn before anyone may see it.
        Assert.Equal(HexText.Sha256(Encoding.UTF8.GetBytes(drawn.Record)), (await scene.ViewAsync()).Log[^1].GetProperty("recordHash").GetString());
    }

    [Fact]
    public async Task Any_changed_field_of_the_published_record_is_noticed()
    {
        var scene = new Scene(host);
        await scene.DrawAsync();
        await scene.DeclineAsync((await scene.SeatsAsync())[0].ExpertId);
        await scene.AcceptAllAsync();
        await scene.DiscloseAsync();
        var (record, pool) = (await scene.RecordAsync(), await scene.PoolAsync());
        Assert.Empty(ExpertDraw.Verify(record, pool));

        var other = new string('e', 64);
        DrawRecord[] forged =
        [
            record with { Version = 2 }, record with { Tender = Guid.NewGuid() }, record with { Purpose = "another" }, record with { Round = 2 }, record with { PoolHash = other },
            record with { PoolSize = record.PoolSize + 1 }, record with { Requested = 2 }, record with { CheckpointRoot = other }, record with { Alpha = other }, record with { Proof = record.Proof[..^2] + "00" },
            record with { VrfPublicKey = HexText.Encode(Ecvrf.PublicKey(Ecvrf.GeneratePrivateKey())) },
            record with { Sequence = [record.Sequence[1], record.Sequence[0], .. record.Sequence.Skip(2)] },
            record with { Sequence = [.. record.Sequence.SkipLast(1), new Selection(record.Sequence[^1].Index, record.Sequence[0].PoolNumber)] },
            record with { Skips = [] }, record with { Skips = [new DrawSkip(99, "declined")] },
            record with { Parties = [record.Parties[0] with { Reveal = other }, .. record.Parties.Skip(1)] },
            record with { Parties = [record.Parties[0] with { Commitment = other }, .. record.Parties.Skip(1)] },
            record with { Parties = [record.Parties[1], record.Parties[0], record.Parties[2]] },
            record with { Parties = [record.Parties[0] with { Reveal = null }, .. record.Parties.Skip(1)] },
        ];
        Assert.All(forged, f => Assert.NotEmpty(ExpertDraw.Verify(f, pool)));
        Assert.NotEmpty(ExpertDraw.Verify(record, [.. pool.SkipLast(1), pool[^1] with { Commitment = other }]));
    }

    [Fact]
    public async Task A_draw_before_the_opening_is_refused()
    {
        var scene = new Scene(host);
        await scene.EnterManyAsync(5);
        Assert.Equal(HttpStatusCode.NotFound, (await scene.AskAsync()).StatusCode);
        await scene.PublishAsync();
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        await RefusedAsync(scene.AskAsync(), "opening-not-completed");
    }

    [Fact]
    public async Task The_facts_may_come_in_either_order_and_twice()
    {
        var scene = new Scene(host);
        await scene.EnterManyAsync(5);
        await scene.OpenAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await scene.AskAsync()).StatusCode);
        await scene.PublishAsync();
        var id = await host.HearAsync(scene.Opened());
        await host.HearAsync(scene.Opened(), id: id);
        await host.HearAsync(scene.Published(committeeSize: 5));
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        var answer = await scene.AskAsync();
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal(3, Assert.Single(await Published<PoolFrozen>(e => e.LotId == scene.Lot)).Asked);
    }

    [Fact]
    public async Task A_pool_smaller_than_the_committee_is_refused_with_the_rule()
    {
        var scene = new Scene(host);
        await scene.EnterManyAsync(2);
        await scene.EnterAsync(scene.BidderCode);
        await scene.PublishAsync();
        await scene.OpenAsync();
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        var body = await RefusedAsync(scene.AskAsync(), "pool-too-small");
        Assert.Contains("\"rule\":\"A19\"", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task People_of_tenderer_agency_bidder_and_authority_and_the_inactive_are_kept_out_with_the_reason()
    {
        var scene = new Scene(host);
        var authority = Scene.NewCode();
        await host.HearAsync(new Contracts.Identity.OrganisationRegistered(Guid.CreateVersion7(), authority, "The Authority", "authority", host.Clock.GetUtcNow()));
        var barred = new Dictionary<Guid, string>
        {
            [(await scene.EnterAsync(scene.AgencyCode)).ExpertId] = "employer-is-agency", [(await scene.EnterAsync(scene.TendererCode)).ExpertId] = "employer-is-tenderer",
            [(await scene.EnterAsync(scene.BidderCode)).ExpertId] = "employer-is-bidder", [(await scene.EnterAsync(authority)).ExpertId] = "employer-is-authority",
            [(await scene.EnterAsync(employer: "The Bidder")).ExpertId] = "employer-is-bidder",
        };
        var inactive = await scene.EnterAsync();
        barred[inactive.ExpertId] = "inactive";
        Assert.Equal(HttpStatusCode.NoContent,
            (await scene.Centre.PostAsync($"{ExpertSelectionHost.Root}/experts/{inactive.ExpertId}/status", new SetExpertStatus.Request(false, "retired"))).StatusCode);
        await scene.EnterAsync(specialty: "another specialty");
        await scene.FreezeAsync(experts: 4);

        var frozen = await host.InDbAsync<ExpertSelectionDb, Draw>(db => db.Draws.AsSplitQuery().Include(d => d.Exclusions).Include(d => d.Pool).SingleAsync(d => d.Id == scene.DrawId));
        Assert.Equal(barred, frozen.Exclusions.ToDictionary(e => e.ExpertId, e => e.Reason));
        Assert.Equal(scene.Experts.TakeLast(4).Select(e => e.ExpertId).Order(), frozen.Pool.OrderBy(l => l.Number).Select(l => l.ExpertId));
        Assert.Equal(2, (await scene.ViewAsync()).Excluded["employer-is-bidder"]);
    }

    [Fact]
    public async Task A_lot_has_one_draw_and_the_same_key_gives_the_same_one()
    {
        var scene = new Scene(host);
        await scene.FreezeAsync();
        await RefusedAsync(scene.AskAsync(), "draw-exists");
        var other = new Scene(host);
        await other.EnterManyAsync(4);
        await other.PublishAsync();
        await other.OpenAsync();
        var key = Guid.NewGuid().ToString();
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => other.AskAsync(key)));
        Assert.Single((await Task.WhenAll(answers.Select(a => a.Content.ReadFromJsonAsync<AskForDraw.Response>()))).Distinct());
    }

    [Fact]
    public async Task Commitments_are_one_a_party_fresh_and_not_copied()
    {
        var scene = new Scene(host);
        await scene.FreezeAsync();
        await scene.CommitAsync(Party.Tenderer);
        await RefusedAsync(scene.CommitAsync(Party.Tenderer, new string('3', 64)), "already-committed");
        await RefusedAsync(scene.CommitAsync(Party.Centre, ExpertDraw.Commitment(Convert.FromHexString(scene.Bytes[Party.Tenderer]))), "commitment-used");
        await RefusedAsync(scene.RevealAsync(Party.Tenderer), "not-revealing");
        var twoHats = host.As(Roles.Supervisor, scene.AgencyOrganisation);
        await RefusedAsync(twoHats.PostAsync($"{ExpertSelectionHost.Root}/draws/{scene.DrawId}/commitments", new CommitToDraw.Request(new string('1', 64))), "one-party-each");
        Assert.Equal(HttpStatusCode.BadRequest, (await scene.CommitAsync(Party.Centre, "not hexadecimal")).StatusCode);
    }

    [Fact]
    public async Task Strangers_are_no_party()
    {
        var scene = new Scene(host);
        await scene.FreezeAsync();
        var commitment = new CommitToDraw.Request(new string('2', 64));
        var path = $"{ExpertSelectionHost.Root}/draws/{scene.DrawId}/commitments";
        Assert.Equal(HttpStatusCode.Forbidden, (await host.As(Roles.Agency).PostAsync(path, commitment)).StatusCode);
        foreach (var role in new[] { Roles.Bidder, Roles.Expert, Roles.Operator, Roles.Finance }) Assert.Equal(HttpStatusCode.Forbidden, (await host.As(role).PostAsync(path, commitment)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Public().PostAsync(path, commitment)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.As(Roles.Agency, scene.TendererOrganisation).PostAsync(path, commitment)).StatusCode);
    }

    [Fact]
    public async Task A_reveal_must_match_its_commitment()
    {
        var scene = new Scene(host);
        await scene.FreezeAsync();
        await scene.CommitAllAsync();
        await RefusedAsync(scene.RevealAsync(Party.Centre, HexText.Encode(RandomNumberGenerator.GetBytes(32))), "reveal-differs");
        await RefusedAsync(scene.RevealAsync(Party.Centre, scene.Bytes[Party.Tenderer]), "reveal-differs");
        Assert.Equal(HttpStatusCode.OK, (await scene.RevealAsync(Party.Centre)).StatusCode);
        await RefusedAsync(scene.RevealAsync(Party.Centre), "already-revealed");
    }

    [Fact]
    public async Task A_party_that_lets_its_time_pass_is_left_out_and_the_draw_goes_on()
    {
        var scene = new Scene(host);
        await scene.FreezeAsync();
        await scene.CommitAllAsync();
        await scene.RevealAsync(Party.Tenderer);
        await scene.RevealAsync(Party.Supervisor);
        host.Clock.Advance(DrawTimes.Default.Reveal);
        await ServiceFixture.EventuallyAsync(async () => await scene.StageAsync() == DrawStage.Inviting);
        Assert.Null((await Published<DrawRevealed>(e => e.DrawId == scene.DrawId)).Single(e => e.Party == Party.Centre).Reveal);
        await RefusedAsync(scene.RevealAsync(Party.Centre), "not-revealing");
        await scene.AcceptAllAsync();
        await scene.DiscloseAsync();
        var record = await scene.RecordAsync();
        Assert.Null(record.Parties.Single(p => p.Name == Party.Centre).Reveal);
        Assert.Empty(ExpertDraw.Verify(record, await scene.PoolAsync()));
    }

    [Fact]
    public async Task Fewer_than_two_reveals_make_the_round_void_and_a_new_one_takes_fresh_commitments()
    {
        var scene = new Scene(host);
        await scene.FreezeAsync();
        await scene.CommitAllAsync();
        var first = new Dictionary<string, string>(scene.Bytes);
        await scene.RevealAsync(Party.Centre);
        host.Clock.Advance(DrawTimes.Default.Reveal);
        await ServiceFixture.EventuallyAsync(async () => await scene.StageAsync() == DrawStage.Committing);
        Assert.Equal([1, 2], (await Published<PoolFrozen>(e => e.DrawId == scene.DrawId)).Select(e => e.Round));
        Assert.Empty(await Published<CommitteeDrawn>(e => e.DrawId == scene.DrawId));

        await RefusedAsync(scene.CommitAsync(Party.Centre, ExpertDraw.Commitment(Convert.FromHexString(first[Party.Centre]))), "commitment-used");
        await scene.CommitAllAsync();
        foreach (var party in Party.All) await scene.RevealAsync(party);
        await scene.AcceptAllAsync();
        await scene.DiscloseAsync();
        var (record, view) = (await scene.RecordAsync(), await scene.ViewAsync());
        Assert.Equal(2, record.Round);
        Assert.Empty(ExpertDraw.Verify(record, await scene.PoolAsync()));
        Assert.Contains(view.Log, e => e.GetProperty("kind").GetString() == "round-void");
        // The second checkpoint holds the first round too: nothing of it can be left out.
        var sealedSteps = 1 + view.Log.ToList().FindLastIndex(e => e.GetProperty("kind").GetString() == "draw-committed");
        Assert.Equal(record.CheckpointRoot, RootOf(view.Log.Take(sealedSteps).Select(e => e.GetRawText())));
    }

    [Fact]
    public async Task Who_declines_is_replaced_by_the_next_index_of_the_same_sequence()
    {
        var scene = new Scene(host);
        await scene.DrawAsync(experts: 6, committeeSize: 3);
        var declined = (await scene.SeatsAsync())[1];
        Assert.Equal(HttpStatusCode.NoContent, (await scene.DeclineAsync(declined.ExpertId)).StatusCode);
        await RefusedAsync(scene.AcceptAsync(declined.ExpertId), "already-answered");

        var seats = await scene.SeatsAsync();
        Assert.Equal(4, seats.Count);
        var replaced = Assert.Single(await Published<ExpertReplaced>(e => e.DrawId == scene.DrawId));
        Assert.Equal((declined.ExpertId, seats[3].ExpertId, seats[3].Index), (replaced.ExpertId, replaced.ReplacementId, replaced.Index));
        Assert.Contains("a family member", replaced.Reason, StringComparison.Ordinal);
        await scene.AcceptAllAsync();
        await scene.DiscloseAsync();
        var record = await scene.RecordAsync();
        Assert.Equal([new DrawSkip(declined.Index, "declined")], record.Skips);
        Assert.Empty(ExpertDraw.Verify(record, await scene.PoolAsync()));
        Assert.DoesNotContain(declined.ExpertId, (await scene.ViewAsync()).Members!.Select(m => m.ExpertId));
    }

    [Fact]
    public async Task Who_does_not_answer_in_time_is_unreachable_and_replaced()
    {
        var scene = new Scene(host);
        await scene.DrawAsync(experts: 8, committeeSize: 3);
        var seats = await scene.SeatsAsync();
        await scene.AcceptAsync(seats[0].ExpertId);
        host.Clock.Advance(DrawTimes.Default.Answer);
        await ServiceFixture.EventuallyAsync(async () => (await scene.SeatsAsync()).Count == 5);
        Assert.Equal([SeatStage.Accepted, SeatStage.Unreachable, SeatStage.Unreachable, SeatStage.Invited, SeatStage.Invited], (await scene.SeatsAsync()).Select(s => s.Stage));
        await scene.AcceptAllAsync();
        Assert.Equal(DrawStage.Ready, await scene.StageAsync());
    }

    [Fact]
    public async Task A_sequence_that_is_exhausted_fails_the_draw_clearly_and_a_larger_library_draws_again()
    {
        var scene = new Scene(host);
        await scene.DrawAsync(experts: 3, committeeSize: 3);
        var seats = await scene.SeatsAsync();
        await scene.DeclineAsync(seats[0].ExpertId);
        var view = await scene.ViewAsync();
        Assert.Equal((DrawStage.Failed, "sequence-exhausted"), (view.Stage, view.FailReason));
        Assert.Single(await Published<DrawFailed>(e => e.DrawId == scene.DrawId));
        await RefusedAsync(scene.AcceptAsync(seats[1].ExpertId), "invitation-over");
        await scene.EnterManyAsync(2);
        Assert.Equal(HttpStatusCode.Created, (await scene.AskAsync()).StatusCode);
    }

    [Fact]
    public async Task A_failed_lot_ends_its_draw_and_takes_no_other()
    {
        var scene = new Scene(host);
        await scene.FreezeAsync();
        await host.HearAsync(new LotFailed(scene.Tender, scene.Lot, "terminated", "A12", "条31", host.Clock.GetUtcNow()));
        await ServiceFixture.EventuallyAsync(async () => await scene.StageAsync() == DrawStage.Failed);
        await RefusedAsync(scene.AskAsync(), "lot-failed");
    }

    [Fact]
    public async Task A_reveal_that_comes_with_the_failure_of_the_lot_is_in_the_published_draw_whole()
    {
        var scene = new Scene(host);
        await scene.FreezeAsync();
        await scene.CommitAllAsync();
        foreach (var party in Party.All.Skip(1)) Assert.Equal(HttpStatusCode.OK, (await scene.RevealAsync(party)).StatusCode);
        await host.InDbAsync<ExpertSelectionDb, int>(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            var draw = (await db.LockDrawAsync(scene.DrawId, default))!;
            await host.HearAsync(new LotFailed(scene.Tender, scene.Lot, "terminated", "A12", "条31", host.Clock.GetUtcNow()));
            await ServiceFixture.EventuallyAsync(async () => (await db.Database.SqlQuery<bool>($"select exists (select 1 from pg_stat_activity where pg_backend_pid() = any (pg_blocking_pids(pid))) as \"Value\"").ToListAsync()).Single(), "the failure to wait for the draw");
            draw.Reveal(Party.All[0], scene.Bytes[Party.All[0]], host.Clock.GetUtcNow());
            db.PublishWhatHappened(draw, host.Clock.GetUtcNow());
            await db.SaveChangesAsync();
            await transaction.CommitAsync();
            return 0;
        });
        await ServiceFixture.EventuallyAsync(async () => await scene.StageAsync() == DrawStage.Failed);
        var text = string.Concat((await Published<Contracts.Platform.DocumentPublished>(d => d.Kind == "draw" && d.Subject == scene.DrawId)).OrderBy(d => d.Part).Select(d => d.Text));
        var document = System.Text.Json.JsonDocument.Parse(text).RootElement;
        Assert.Equal(["pool-frozen", "draw-committed", "draw-committed", "draw-committed", "draw-revealed", "draw-revealed", "draw-revealed", "committee-drawn"],
            document.GetProperty("log").EnumerateArray().Select(e => e.GetProperty("kind").GetString()));
        Assert.All(document.GetProperty("record").GetProperty("parties").EnumerateArray(), p => Assert.NotNull(p.GetProperty("reveal").GetString()));
        Assert.Equal("lot-failed", Assert.Single(await Published<DrawFailed>(e => e.DrawId == scene.DrawId)).Reason);
    }

    [Fact]
    public async Task A_signing_key_is_a_P256_key_and_one_member_s_own()
    {
        var scene = new Scene(host);
        await scene.DrawAsync();
        var seats = await scene.SeatsAsync();
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        foreach (var wrong in new[] { "not base64", Convert.ToBase64String(p384.ExportSubjectPublicKeyInfo()), Convert.ToBase64String([1, 2, 3]) })
            Assert.Equal(HttpStatusCode.BadRequest, (await scene.AcceptAsync(seats[0].ExpertId, wrong)).StatusCode);
        var key = Scene.NewSigningKey();
        Assert.Equal(HttpStatusCode.NoContent, (await scene.AcceptAsync(seats[0].ExpertId, key)).StatusCode);
        await RefusedAsync(scene.AcceptAsync(seats[1].ExpertId, key), "signing-key-used");
        await RefusedAsync(scene.AcceptAsync(seats[0].ExpertId), "already-answered");
    }

    [Fact]
    public async Task Three_parties_at_once_lose_no_step()
    {
        var scene = new Scene(host);
        await scene.FreezeAsync();
        Assert.All(await Task.WhenAll(Party.All.Select(p => scene.CommitAsync(p))), a => Assert.Equal(HttpStatusCode.OK, a.StatusCode));
        Assert.All(await Task.WhenAll(Party.All.Select(p => scene.RevealAsync(p))), a => Assert.Equal(HttpStatusCode.OK, a.StatusCode));
        var seats = await scene.SeatsAsync();
        Assert.All(await Task.WhenAll(seats.Select(s => scene.AcceptAsync(s.ExpertId))), a => Assert.Equal(HttpStatusCode.NoContent, a.StatusCode));
        Assert.Equal(DrawStage.Ready, await scene.StageAsync());
        Assert.Single(await Published<CommitteeReady>(e => e.DrawId == scene.DrawId));
    }

    [Fact]
    public async Task The_log_and_the_pool_cannot_be_changed_even_by_the_service()
    {
        var scene = new Scene(host);
        await scene.FreezeAsync();
        foreach (var sql in new[] { "update draw_log set text = ''", "delete from draw_log", "update pool_line set expert_id = gen_random_uuid()", "delete from exclusion", "update vrf_key set public_key = ''" })
        {
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, await StateAsync(host.ConnectionString, sql));
            Assert.Equal(PostgresErrorCodes.RestrictViolation, await StateAsync(Owner, sql));
        }
    }

    [Fact]
    public async Task A_key_that_is_published_at_the_moment_of_the_draw_is_too_young_for_it()
    {
        var scene = new Scene(host);
        await scene.EnterManyAsync(4);
        await scene.PublishAsync();
        await scene.OpenAsync();
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        var young = VrfKey.Make(host.Services.GetRequiredService<Secrets>(), host.Clock.GetUtcNow());
        await host.InDbAsync<ExpertSelectionDb, int>(db => { db.Add(young); return db.SaveChangesAsync(); });
        var drawId = (await (await scene.AskAsync()).Content.ReadFromJsonAsync<AskForDraw.Response>())!.DrawId;
        var view = (await host.Public().GetFromJsonAsync<GetDraw.Response>($"{ExpertSelectionHost.Root}/draws/{drawId}", ExpertSelectionHost.Json))!;
        Assert.NotEqual(young.PublicKey, view.VrfPublicKey);
    }

    private string Owner => new NpgsqlConnectionStringBuilder(Servers.Postgres) { Database = new NpgsqlConnectionStringBuilder(host.ConnectionString).Database, Pooling = false }.ConnectionString;

    private static async Task<string?> StateAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync())).SqlState;
    }

    private static string RootOf(IEnumerable<string> log) => HexText.Encode(MerkleTree.Root([.. log.Select(e => MerkleTree.LeafHash(Encoding.UTF8.GetBytes(e)))]));

    private async Task<List<T>> Published<T>(Func<T, bool> which) where T : class => [.. (await host.PublishedAsync<T, ExpertSelectionDb>()).Where(which)];

    private static async Task<string> RefusedAsync(Task<HttpResponseMessage> call, string code)
    {
        var answer = await call;
        Assert.Equal((HttpStatusCode.Conflict, code), (answer.StatusCode, await answer.CodeAsync()));
        return await answer.Content.ReadAsStringAsync();
    }
}
