using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Tendering.Bidding.Data;
using Tendering.Bidding.Domain;
using Tendering.Bidding.Features;
using Tendering.Contracts;
using Tendering.Protocols;
using Tendering.ServiceDefaults;
using Tendering.Testing;

namespace Tendering.Bidding.Tests.Features;

public class UploadTests(BiddingHost host) : IClassFixture<BiddingHost>
{
    [Fact]
    public async Task An_upload_comes_in_chunks_of_any_length_and_is_hashed_by_blocks_as_it_is_stored()
    {
        var (lot, client) = await RegisteredAsync();
        var content = RandomNumberGenerator.GetBytes((2 * Upload.BlockMax) + 1000);
        var begun = await BiddingHost.BeginAsync(client, lot, "files", content.Length);
        Assert.NotNull(begun.Headers.GetValues("Upload-Expires").Single());
        var id = BiddingHost.IdOf(begun);
        var offset = 0;
        foreach (var length in new[] { 1, 100_000, Upload.BlockMax - 7, 0, Upload.BlockMax, content.Length })
        {
            var chunk = content[offset..Math.Min(content.Length, offset + length)];
            var sent = await BiddingHost.PatchAsync(client, id, offset, chunk);
            Assert.Equal(HttpStatusCode.NoContent, sent.StatusCode);
            offset += chunk.Length;
            Assert.Equal(("1.0.0", Text(offset)), (Header(sent, "Tus-Resumable"), Header(sent, "Upload-Offset")));
            Assert.Equal(offset, await BiddingHost.OffsetAsync(client, id));
        }
        var asked = await BiddingHost.HeadAsync(client, id);
        Assert.Equal((Text(content.Length), "part ZmlsZXM=", true), (Header(asked, "Upload-Length"), Header(asked, "Upload-Metadata"), asked.Headers.CacheControl!.NoStore));
        Assert.Equal(BlockDigest.Of(content), (await RowAsync(id)).Digest);
        Assert.Equal(content, await StoredAsync(id));
        Assert.Equal(3, await host.InDbAsync<BiddingDb, int>(db => db.UploadBlocks.CountAsync(b => b.UploadId == id)));
        await Assert.ThrowsAsync<PostgresException>(() => host.InDbAsync<BiddingDb, int>(db => db.UploadBlocks.Where(b => b.UploadId == id).ExecuteDeleteAsync()));
    }

    [Fact]
    public async Task First_bytes_may_come_with_the_creation()
    {
        var (lot, client) = await RegisteredAsync();
        var content = new ByteArrayContent([1, 2, 3]);
        content.Headers.ContentType = new(Tus.Content);
        var begun = await BiddingHost.SendAsync(client, HttpMethod.Post, $"lots/{lot.LotId}/uploads", content, ("Upload-Length", "5"), ("Upload-Metadata", "filename eA==,part cHJpY2U="));
        Assert.Equal("3", Header(begun, "Upload-Offset"));
        Assert.Equal(3, await BiddingHost.OffsetAsync(client, BiddingHost.IdOf(begun)));
    }

    [Fact]
    public async Task What_the_protocol_can_do_here_is_told_to_everybody()
    {
        foreach (var path in new[] { $"lots/{Guid.NewGuid()}/uploads", $"uploads/{Guid.NewGuid()}" })
        {
            var told = await BiddingHost.SendAsync(host.Public(), HttpMethod.Options, path, null);
            Assert.Equal((HttpStatusCode.NoContent, "1.0.0", "creation,creation-with-upload,checksum,expiration,termination", "sha256,sha1"),
                (told.StatusCode, Header(told, "Tus-Version"), Header(told, "Tus-Extension"), Header(told, "Tus-Checksum-Algorithm")));
            Assert.Equal(Text(StreamCipher.CiphertextLength(2L << 30)), Header(told, "Tus-Max-Size"));
        }
    }

    [Fact]
    public async Task A_chunk_at_another_offset_is_refused_with_the_right_one()
    {
        var (lot, client) = await RegisteredAsync();
        var id = BiddingHost.IdOf(await BiddingHost.BeginAsync(client, lot, "files", 10));
        await BiddingHost.PatchAsync(client, id, 0, [1, 2, 3]);
        foreach (var offset in new[] { 0, 2, 4, 10 })
        {
            var refused = await BiddingHost.PatchAsync(client, id, offset, [9]);
            Assert.Equal((HttpStatusCode.Conflict, "3", "offset", "1.0.0"), (refused.StatusCode, Header(refused, "Upload-Offset"), await refused.CodeAsync(), Header(refused, "Tus-Resumable")));
        }
        Assert.Equal([1, 2, 3], await StoredAsync(id));
    }

    [Fact]
    public async Task A_chunk_that_differs_from_its_checksum_is_thrown_away()
    {
        var (lot, client) = await RegisteredAsync();
        var id = BiddingHost.IdOf(await BiddingHost.BeginAsync(client, lot, "files", 6));
        string Sum(string algorithm, byte[] bytes) => $"{algorithm} {Convert.ToBase64String(algorithm == "sha256" ? SHA256.HashData(bytes) : Sha1(bytes))}";
        foreach (var algorithm in new[] { "sha256", "sha1" })
        {
            var wrong = await BiddingHost.PatchAsync(client, id, 0, [1, 2, 4], ("Upload-Checksum", Sum(algorithm, [1, 2, 3])));
            Assert.Equal((460, "checksum"), ((int)wrong.StatusCode, await wrong.CodeAsync()));
            Assert.Equal(0, await BiddingHost.OffsetAsync(client, id));
        }
        foreach (var nonsense in new[] { "md5 AAAA", "sha256", "sha256 !!", "sha256 AAAA", "sha256  " })
            Assert.Equal(HttpStatusCode.BadRequest, (await BiddingHost.PatchAsync(client, id, 0, [1], ("Upload-Checksum", nonsense))).StatusCode);
        await BiddingHost.PatchAsync(client, id, 0, [1, 2, 3], ("Upload-Checksum", Sum("sha256", [1, 2, 3])));
        await BiddingHost.PatchAsync(client, id, 3, [4, 5, 6], ("Upload-Checksum", Sum("sha1", [4, 5, 6])));
        Assert.Equal(BlockDigest.Of([1, 2, 3, 4, 5, 6]), (await RowAsync(id)).Digest);
    }

    [Fact]
    public async Task While_one_call_writes_another_is_locked_out()
    {
        var (lot, client) = await RegisteredAsync();
        var id = BiddingHost.IdOf(await BiddingHost.BeginAsync(client, lot, "files", 10));
        using var slow = new SlowContent([1, 2, 3, 4]);
        var writing = BiddingHost.PatchAsync(client, id, 0, slow);
        await slow.Begun;
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync<BiddingDb, bool>(async db => (await db.Database.SqlQuery<Guid?>($"select holder as \"Value\" from upload where id = {id}").ToListAsync()).Single() is not null));
        var locked = await BiddingHost.PatchAsync(client, id, 0, [9]);
        Assert.Equal((HttpStatusCode.Locked, "upload-locked"), (locked.StatusCode, await locked.CodeAsync()));
        slow.Finish();
        Assert.Equal(HttpStatusCode.NoContent, (await writing).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await BiddingHost.PatchAsync(client, id, 4, [5])).StatusCode);
        Assert.Equal([1, 2, 3, 4, 5], await StoredAsync(id));
    }

    [Fact]
    public async Task Of_calls_at_one_offset_one_is_taken_and_its_bytes_are_whole()
    {
        var (lot, client) = await RegisteredAsync();
        var contents = Enumerable.Range(0, 4).Select(_ => RandomNumberGenerator.GetBytes(1_000_000)).ToArray();
        var id = BiddingHost.IdOf(await BiddingHost.BeginAsync(client, lot, "files", contents[0].Length));
        var answers = await Task.WhenAll(contents.Select(c => BiddingHost.PatchAsync(client, id, 0, c)));
        Assert.Single(answers, a => a.StatusCode == HttpStatusCode.NoContent);
        Assert.All(answers.Where(a => a.StatusCode != HttpStatusCode.NoContent), a => Assert.True(a.StatusCode is HttpStatusCode.Locked or HttpStatusCode.Conflict));
        var stored = await StoredAsync(id);
        Assert.Contains(contents, c => c.AsSpan().SequenceEqual(stored));
        Assert.Equal(BlockDigest.Of(stored), (await RowAsync(id)).Digest);
    }

    [Fact]
    public async Task What_came_before_the_line_was_cut_is_kept_and_the_upload_goes_on_there()
    {
        var (lot, client) = await RegisteredAsync();
        var content = RandomNumberGenerator.GetBytes(Upload.BlockMax + 500_000);
        var id = BiddingHost.IdOf(await BiddingHost.BeginAsync(client, lot, "files", content.Length));
        await CutAsync(client, id, content, sent: Upload.BlockMax + 300_000);
        long offset = 0;
        await ServiceFixture.EventuallyAsync(async () => (offset = await BiddingHost.OffsetAsync(client, id)) > 0, "what was sent before the cut");
        Assert.InRange(offset, 1, Upload.BlockMax + 300_000);
        Assert.Equal(HttpStatusCode.NoContent, (await BiddingHost.PatchAsync(client, id, offset, content[(int)offset..])).StatusCode);
        Assert.Equal(BlockDigest.Of(content), (await RowAsync(id)).Digest);
        Assert.Equal(content, await StoredAsync(id));
    }

    [Fact]
    public async Task A_cut_chunk_with_a_checksum_leaves_nothing()
    {
        var (lot, client) = await RegisteredAsync();
        var content = RandomNumberGenerator.GetBytes(2_000_000);
        var id = BiddingHost.IdOf(await BiddingHost.BeginAsync(client, lot, "files", content.Length));
        await CutAsync(client, id, content, sent: 1_000_000, $"Upload-Checksum: sha256 {Convert.ToBase64String(SHA256.HashData(content))}\r\n");
        await ServiceFixture.EventuallyAsync(async () => (await BiddingHost.PatchAsync(client, id, 0, content)).StatusCode == HttpStatusCode.NoContent, "the upload to be free again");
        Assert.Equal(BlockDigest.Of(content), (await RowAsync(id)).Digest);
    }

    [Fact]
    public async Task A_writer_that_died_lets_the_next_one_in_and_cannot_come_back()
    {
        var (lot, client) = await RegisteredAsync();
        var id = BiddingHost.IdOf(await BiddingHost.BeginAsync(client, lot, "files", 10));
        var database = host.Services.GetRequiredKeyedService<NpgsqlDataSource>(BiddingService.Name);
        var dead = (await UploadHold.TakeAsync(database, id, default))!;
        Assert.Equal(HttpStatusCode.Locked, (await BiddingHost.PatchAsync(client, id, 0, [1, 2])).StatusCode);
        await host.InDbAsync<BiddingDb, int>(db => db.Database.ExecuteSqlAsync($"update upload set held_until = clock_timestamp() - interval '1 s' where id = {id}"));
        Assert.Equal(HttpStatusCode.NoContent, (await BiddingHost.PatchAsync(client, id, 0, [1, 2])).StatusCode);
        await Assert.ThrowsAsync<HoldLostException>(() => dead.CommitAsync(5, 0, [], null, host.Clock.GetUtcNow(), true, default));
        Assert.Equal(2, await BiddingHost.OffsetAsync(client, id));
    }

    [Fact]
    public async Task What_is_too_long_too_short_or_no_part_is_refused()
    {
        var (lot, client) = await RegisteredAsync();
        async Task<(HttpStatusCode, string?)> TryAsync(string part, long length) => await BiddingHost.BeginAsync(client, lot, part, length) is var answer ? (answer.StatusCode, answer.IsSuccessStatusCode ? null : await answer.CodeAsync()) : default;
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "content-too-long"), await TryAsync("price", StreamCipher.CiphertextLength(64 * 1024) + 1));
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "content-too-long"), await TryAsync("files", StreamCipher.CiphertextLength(2L << 30) + 1));
        Assert.Equal((HttpStatusCode.Created, null), await TryAsync("files", StreamCipher.CiphertextLength(2L << 30)));
        foreach (var (part, length) in new[] { ("else", 5L), ("../price", 5L), ("price", 0L), ("price", -1L) }) Assert.Equal((HttpStatusCode.BadRequest, "malformed"), await TryAsync(part, length));
        var deferred = await BiddingHost.SendAsync(client, HttpMethod.Post, $"lots/{lot.LotId}/uploads", null, ("Upload-Defer-Length", "1"), ("Upload-Metadata", "part cHJpY2U="));
        Assert.Equal(HttpStatusCode.BadRequest, deferred.StatusCode);
    }

    [Fact]
    public async Task More_than_was_announced_is_refused_whether_or_not_the_call_says_how_much_it_brings()
    {
        var (lot, client) = await RegisteredAsync();
        var id = BiddingHost.IdOf(await BiddingHost.BeginAsync(client, lot, "files", 10));
        Assert.Equal("content-too-long", await (await BiddingHost.PatchAsync(client, id, 0, new byte[11])).CodeAsync());
        using var streamed = new SlowContent(new byte[11]);
        streamed.Finish();
        Assert.Equal("content-too-long", await (await BiddingHost.PatchAsync(client, id, 0, streamed)).CodeAsync());
        Assert.Equal(0, await BiddingHost.OffsetAsync(client, id));
        Assert.Null((await RowAsync(id)).Digest);
    }

    [Fact]
    public async Task Another_version_another_type_of_content_or_no_offset_is_refused()
    {
        var (lot, client) = await RegisteredAsync();
        var id = BiddingHost.IdOf(await BiddingHost.BeginAsync(client, lot, "files", 10));
        var other = await BiddingHost.SendAsync(client, HttpMethod.Head, $"uploads/{id}", null, ("Tus-Resumable", "0.2.2"));
        Assert.Equal((HttpStatusCode.PreconditionFailed, "1.0.0"), (other.StatusCode, Header(other, "Tus-Version")));
        var plain = await BiddingHost.SendAsync(client, HttpMethod.Patch, $"uploads/{id}", new StringContent("x"), ("Upload-Offset", "0"));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, plain.StatusCode);
        var content = new ByteArrayContent([1]);
        content.Headers.ContentType = new(Tus.Content);
        Assert.Equal(HttpStatusCode.BadRequest, (await BiddingHost.SendAsync(client, HttpMethod.Patch, $"uploads/{id}", content)).StatusCode);
    }

    [Fact]
    public async Task Nobody_sees_continues_or_ends_anothers_upload_and_nothing_comes_after_the_deadline()
    {
        var (lot, client) = await RegisteredAsync();
        var id = BiddingHost.IdOf(await BiddingHost.BeginAsync(client, lot, "files", 10));
        var stranger = host.As(await host.RegisteredBidderAsync(lot, "Stranger"));
        Assert.Equal(HttpStatusCode.NotFound, (await BiddingHost.PatchAsync(stranger, id, 0, new byte[10])).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await BiddingHost.HeadAsync(stranger, id)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await BiddingHost.SendAsync(stranger, HttpMethod.Delete, $"uploads/{id}", null)).StatusCode);
        host.Clock.MoveTo(lot.Deadline);
        Assert.Equal("late-bid", (await (await BiddingHost.PatchAsync(client, id, 0, new byte[10])).RefusalAsync()).Code);
    }

    [Fact]
    public async Task An_upload_that_is_ended_is_gone_with_its_bytes_but_not_one_that_a_bid_names()
    {
        var lot = await host.LotAsync();
        var ready = await host.PrepareAsync(lot);
        var spare = await BiddingHost.UploadAsync(ready.Client, lot, "files", [1, 2, 3]);
        await ready.SubmittedAsync();
        Assert.Equal("upload-in-use", (await (await BiddingHost.SendAsync(ready.Client, HttpMethod.Delete, $"uploads/{ready.Files}", null)).RefusalAsync()).Code);
        Assert.Equal(HttpStatusCode.NoContent, (await BiddingHost.SendAsync(ready.Client, HttpMethod.Delete, $"uploads/{spare}", null)).StatusCode);
        Assert.Equal(HttpStatusCode.Gone, (await BiddingHost.HeadAsync(ready.Client, spare)).StatusCode);
        Assert.Equal(HttpStatusCode.Gone, (await BiddingHost.PatchAsync(ready.Client, spare, 3, [])).StatusCode);
        await DeletedAsync(spare);
        await ServiceFixture.EventuallyAsync(async () => (await RowAsync(spare)).NextDueAt is null, "the row to be done");
    }

    [Fact]
    public async Task An_upload_that_is_not_gone_on_with_expires_a_complete_one_waits_for_the_deadline_and_a_bids_own_stays()
    {
        var lot = await host.LotAsync();
        var ready = await host.PrepareAsync(lot);
        await ready.SubmittedAsync();
        var idle = BiddingHost.IdOf(await BiddingHost.BeginAsync(ready.Client, lot, "files", 10));
        await BiddingHost.PatchAsync(ready.Client, idle, 0, [1, 2]);
        var complete = await BiddingHost.UploadAsync(ready.Client, lot, "files", [1, 2, 3]);
        host.Clock.Advance(Upload.IdleMax + TimeSpan.FromMinutes(1));
        await DeletedAsync(idle);
        Assert.Equal(HttpStatusCode.Gone, (await BiddingHost.HeadAsync(ready.Client, idle)).StatusCode);
        Assert.Equal(3, await Store.LengthAsync(Upload.KeyOf(complete), default));

        await host.CloseAsync(lot);
        host.Clock.MoveTo(lot.Deadline + Upload.KeptAfterClosing);
        await DeletedAsync(complete);
        await ServiceFixture.EventuallyAsync(async () => (await RowAsync(ready.Files)).NextDueAt is null, "the bid's own to be looked at");
        Assert.Equal(ready.Bid.Files, await StoredAsync(ready.Files));
    }

    [Fact]
    public async Task Ending_an_upload_waits_for_nobodys_submission_and_one_that_names_it_at_the_same_moment_keeps_it()
    {
        var lot = await host.LotAsync();
        var bidder = await host.RegisteredBidderAsync(lot);
        var client = host.As(bidder);
        var (named, spare) = (await BiddingHost.UploadAsync(client, lot, "files", [1, 2, 3]), await BiddingHost.UploadAsync(client, lot, "files", [4]));
        // A submission that has found the upload and has not committed yet, as the intake does it.
        await using var submission = await host.Services.GetRequiredKeyedService<NpgsqlDataSource>(BiddingService.Name).OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await submission.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await RunAsync(submission, $"select 1 from lot where id = '{lot.LotId}' for share");
        foreach (var upload in new[] { named, spare }) Assert.Equal(HttpStatusCode.NoContent, (await BiddingHost.SendAsync(client, HttpMethod.Delete, $"uploads/{upload}", null)).StatusCode);
        foreach (var upload in new[] { named, spare })
        {
            await ServiceFixture.EventuallyAsync(() => host.InDbAsync<BiddingDb, bool>(async db => (await db.Database.SqlQuery<bool>($"select fence is not null as \"Value\" from upload where id = {upload}").ToListAsync()).Single()), "the first look");
            host.Clock.Advance(TimeSpan.FromSeconds(2));
            var seen = await RowAsync(upload);
            await ServiceFixture.EventuallyAsync(async () => (await RowAsync(upload)).NextDueAt > seen.NextDueAt || (await RowAsync(upload)).NextDueAt > host.Clock.GetUtcNow(), "another look");
            Assert.NotNull(await Store.LengthAsync(Upload.KeyOf(upload), default));
        }
        await RunAsync(submission, $"""
            insert into bid (id, tender_id, lot_id, bidder_id, revision, manifest_hash, manifest, signature, thumbprint, price_upload, files_upload, receipt, submitted_at)
            values ('{Guid.CreateVersion7()}', '{lot.TenderId}', '{lot.LotId}', '{bidder.Id}', 1, '', '', '', '', '{Guid.CreateVersion7()}', '{named}', '', now())
            """);
        await transaction.CommitAsync(TestContext.Current.CancellationToken);
        await ServiceFixture.EventuallyAsync(async () =>
        {
            host.Clock.Advance(TimeSpan.FromSeconds(2));
            return await Store.LengthAsync(Upload.KeyOf(spare), default) is null && (await RowAsync(named)).NextDueAt is null;
        }, "the bytes of the other to be deleted");
        Assert.Equal([1, 2, 3], await StoredAsync(named));
        Assert.Null((await RowAsync(named)).RemovedAt);
    }

    [Fact]
    public async Task However_many_are_begun_at_once_no_bidder_has_more_than_its_share()
    {
        var (lot, client) = await RegisteredAsync();
        for (var i = 0; i < Upload.UploadsMax - 2; i++) BiddingHost.IdOf(await BiddingHost.BeginAsync(client, lot, "files", 10));
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => BiddingHost.BeginAsync(client, lot, "files", 10)));
        Assert.Equal(2, answers.Count(a => a.StatusCode == HttpStatusCode.Created));
        Assert.All(answers.Where(a => a.StatusCode != HttpStatusCode.Created), a => Assert.Equal("too-many-uploads", a.CodeAsync().Result));
        Assert.Equal(HttpStatusCode.Created, (await BiddingHost.BeginAsync(host.As(await host.RegisteredBidderAsync(lot, "Another")), lot, "files", 10)).StatusCode);
    }

    // The first holds the content between its permission and its write, as one does whose machine stands still; its hold has run out meanwhile.
    [Fact]
    public async Task A_writer_that_stalls_before_its_write_lets_nobody_in_whose_bytes_it_would_then_overwrite()
    {
        var (lot, client) = await RegisteredAsync();
        var id = BiddingHost.IdOf(await BiddingHost.BeginAsync(client, lot, "files", 4));
        var database = host.Services.GetRequiredKeyedService<NpgsqlDataSource>(BiddingService.Name);
        var (stalled, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        var hold = (await UploadHold.TakeAsync(database, id, default))!;
        var writing = Store.WriteAsync(Upload.KeyOf(id), 0, new byte[] { 9, 9 }, async () =>
        {
            await hold.KeepAsync(default);
            stalled.SetResult();
            await goOn.Task;
        }, default);
        await stalled.Task;
        await host.InDbAsync<BiddingDb, int>(db => db.Database.ExecuteSqlAsync($"update upload set held_until = clock_timestamp() - interval '1 s' where id = {id}"));
        var locked = await BiddingHost.PatchAsync(client, id, 0, [1, 2, 3, 4]);
        Assert.Equal((HttpStatusCode.Locked, "upload-locked"), (locked.StatusCode, await locked.CodeAsync()));
        goOn.SetResult();
        await writing;
        Assert.Equal(HttpStatusCode.NoContent, (await BiddingHost.PatchAsync(client, id, 0, [1, 2, 3, 4])).StatusCode);
        // Whoever asks only now is told.
        await host.InDbAsync<BiddingDb, int>(db => db.Database.ExecuteSqlAsync($"update upload set holder = {Guid.NewGuid()} where id = {id}"));
        await Assert.ThrowsAsync<HoldLostException>(() => hold.CommitAsync(2, 0, [], null, host.Clock.GetUtcNow(), true, default));
        Assert.Equal([1, 2, 3, 4], await StoredAsync(id));
        Assert.Equal(BlockDigest.Of([1, 2, 3, 4]), (await RowAsync(id)).Digest);
    }

    // As one whose machine stood still: by its own clock it has only just asked.
    [Fact]
    public async Task A_writer_whose_hold_went_to_another_stores_nothing_however_fresh_the_hold_seems()
    {
        var (lot, client) = await RegisteredAsync();
        var id = BiddingHost.IdOf(await BiddingHost.BeginAsync(client, lot, "files", 4));
        var hold = (await UploadHold.TakeAsync(host.Services.GetRequiredKeyedService<NpgsqlDataSource>(BiddingService.Name), id, default))!;
        await hold.KeepAsync(default);
        await host.InDbAsync<BiddingDb, int>(db => db.Database.ExecuteSqlAsync($"update upload set held_until = clock_timestamp() - interval '1 s' where id = {id}"));
        Assert.Equal(HttpStatusCode.NoContent, (await BiddingHost.PatchAsync(client, id, 0, [1, 2, 3, 4])).StatusCode);
        await Assert.ThrowsAsync<HoldLostException>(() => Store.WriteAsync(Upload.KeyOf(id), 0, new byte[] { 9, 9 }, () => hold.KeepAsync(default), default));
        Assert.Equal([1, 2, 3, 4], await StoredAsync(id));
    }

    [Fact]
    public async Task What_comes_for_an_upload_that_was_ended_meanwhile_is_not_stored()
    {
        var (lot, client) = await RegisteredAsync();
        var id = BiddingHost.IdOf(await BiddingHost.BeginAsync(client, lot, "files", 4));
        using var slow = new SlowContent([1, 2, 3]);
        var writing = BiddingHost.PatchAsync(client, id, 0, slow);
        await slow.Begun;
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync<BiddingDb, bool>(async db => (await db.Database.SqlQuery<Guid?>($"select holder as \"Value\" from upload where id = {id}").ToListAsync()).Single() is not null), "the writer");
        Assert.Equal(HttpStatusCode.NoContent, (await BiddingHost.SendAsync(client, HttpMethod.Delete, $"uploads/{id}", null)).StatusCode);
        await ServiceFixture.EventuallyAsync(async () =>
        {
            host.Clock.Advance(TimeSpan.FromSeconds(1));
            return (await RowAsync(id)).NextDueAt is null;
        }, "the bytes to be deleted");
        slow.Finish();
        Assert.Equal(HttpStatusCode.Locked, (await writing).StatusCode);
        Assert.Null(await Store.LengthAsync(Upload.KeyOf(id), default));
    }

    [Fact]
    public async Task A_bidder_sees_what_is_stored_and_files_that_were_not_submitted_count_as_withdrawn()
    {
        var lot = await host.LotAsync();
        var (ready, idle) = (await host.PrepareAsync(lot), await host.PrepareAsync(lot));
        await ready.SubmittedAsync();
        var own = await OwnAsync(ready, lot);
        Assert.Equal([("price", ready.Bid.Price.Length, ready.Bid.Manifest.Price.Digest, true), ("files", ready.Bid.Files.Length, ready.Bid.Manifest.Files.Digest, true)],
            own.Uploads.OrderByDescending(u => u.Part).Select(u => (u.Part, (int)u.Received, u.Digest!, u.InABid)));
        Assert.Equal((1, true, ready.Bid.Manifest.Hash()), own.Bids.Select(b => (b.Revision, b.Stands, b.ManifestHash)).Single());
        Assert.Null((await OwnAsync(idle, lot)).CountedAsWithdrawn);
        await host.CloseAsync(lot);
        Assert.Equal(new GetOwnLot.CountedAsWithdrawn("A33", "20号令26;20号令27"), (await OwnAsync(idle, lot)).CountedAsWithdrawn);
        Assert.Null((await OwnAsync(ready, lot)).CountedAsWithdrawn);
    }

    // Looked at every second until nobody else is under way.
    private Task DeletedAsync(Guid upload) => ServiceFixture.EventuallyAsync(async () =>
    {
        if (await Store.LengthAsync(Upload.KeyOf(upload), default) is null) return true;
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        return false;
    }, "the bytes to be deleted");

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<GetOwnLot.Response> OwnAsync(Prepared bid, TestLot lot) => (await bid.Client.GetFromJsonAsync<GetOwnLot.Response>($"/api/bidding/lots/{lot.LotId}", Json))!;

    private static readonly System.Text.Json.JsonSerializerOptions Json = new(System.Text.Json.JsonSerializerDefaults.Web) { Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter(System.Text.Json.JsonNamingPolicy.KebabCaseLower) } };

    private IBlobStore Store => host.Services.GetRequiredService<IBlobStore>();

    private async Task<(TestLot, HttpClient)> RegisteredAsync()
    {
        var lot = await host.LotAsync();
        return (lot, host.As(await host.RegisteredBidderAsync(lot)));
    }

    // A client whose line breaks: it announces everything, sends a part, and is gone.
    private static async Task CutAsync(HttpClient client, Guid id, byte[] content, int sent, string header = "")
    {
        using var line = new TcpClient();
        await line.ConnectAsync(client.BaseAddress!.Host, client.BaseAddress.Port);
        var head = $"PATCH /api/bidding/uploads/{id} HTTP/1.1\r\nHost: {client.BaseAddress.Authority}\r\nAuthorization: {client.DefaultRequestHeaders.Authorization}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
            + $"Content-Type: {Tus.Content}\r\nContent-Length: {content.Length}\r\n{header}\r\n";
        await line.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head));
        await line.GetStream().WriteAsync(content.AsMemory(0, sent));
        line.LingerState = new LingerOption(true, 2);
    }

    private Task<Upload> RowAsync(Guid id) => host.InDbAsync<BiddingDb, Upload>(db => db.Uploads.AsNoTracking().SingleAsync(u => u.Id == id));

    private async Task<byte[]> StoredAsync(Guid id)
    {
        await using var stored = (await Store.OpenReadAsync(Upload.KeyOf(id), default))!;
        using var copy = new MemoryStream();
        await stored.CopyToAsync(copy);
        return copy.ToArray();
    }

    private static string Header(HttpResponseMessage answer, string name) => answer.Headers.GetValues(name).Single();
    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

#pragma warning disable CA5350 // what the protocol asks every server to know
    private static byte[] Sha1(byte[] bytes) => SHA1.HashData(bytes);
#pragma warning restore CA5350

    /// <summary>Brings its bytes without saying how many, and ends when it is told.</summary>
    private sealed class SlowContent(byte[] bytes) : HttpContent
    {
        private readonly TaskCompletionSource _begun = new(), _finish = new();

        public Task Begun => _begun.Task;
        public void Finish() => _finish.TrySetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(bytes);
            await stream.FlushAsync();
            _begun.TrySetResult();
            await _finish.Task;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
