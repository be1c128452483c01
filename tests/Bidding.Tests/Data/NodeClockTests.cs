using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;
using Tendering.Bidding.Data;
using Tendering.Bidding.Domain;
using Tendering.Bidding.Features;
using Tendering.Contracts;
using Tendering.ServiceDefaults;
using Tendering.Testing;

namespace Tendering.Bidding.Tests.Data;

/// <summary>A service on a node whose clock is 501 ms behind.</summary>
public sealed class SkewedHost() : ServiceFixture(BiddingService.Name, Add, BiddingService.Map)
{
    private static void Add(WebApplicationBuilder builder)
    {
        BiddingService.Add(builder);
        builder.Services.Replace(ServiceDescriptor.Singleton<MeasureOffset>(_ => Task.FromResult<TimeSpan?>(TimeSpan.FromMilliseconds(501))));
    }
}

public class NodeClockTests(SkewedHost host) : IClassFixture<SkewedHost>
{
    [Fact]
    public async Task A_node_whose_clock_differs_takes_no_bids_and_says_so()
    {
        var answer = await host.As(Roles.Bidder).PostAsync($"/api/bidding/lots/{Guid.NewGuid()}/bids", new { manifest = "x" });
        Assert.Equal("clock-differs", (await answer.RefusalAsync()).Code);
    }

    [Fact]
    public async Task It_closes_no_bidding_either_for_it_could_be_early()
    {
        var lot = new TestLot { Deadline = host.Clock.GetUtcNow().AddDays(2) };
        await host.HearAsync(lot.Notice);
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync<BiddingDb, bool>(async db => await db.Lots.FindAsync(lot.LotId) is not null), "the lot");
        await Assert.ThrowsAsync<InvalidOperationException>(() => host.InDbAsync<BiddingDb, int>(async db =>
        {
            await CloseBiddingAtDeadline.Handle(lot.LotId, db, host.Services, lot.Deadline, default);
            return await db.SaveChangesAsync();
        }));
        Assert.Equal(LotStage.Open, await host.InDbAsync<BiddingDb, LotStage>(async db => (await db.Lots.FindAsync(lot.LotId))!.Stage));
    }

    [Theory]
    [InlineData(500, true)]
    [InlineData(-500, true)]
    [InlineData(501, false)]
    [InlineData(-501, false)]
    [InlineData(null, false)]
    public async Task Half_a_second_is_the_limit_and_what_was_never_measured_is_not_trusted(int? offset, bool inStep)
    {
        using var clock = new NodeClock(_ => Task.FromResult(offset is { } ms ? TimeSpan.FromMilliseconds(ms) : (TimeSpan?)null));
        await clock.StartAsync(default);
        if (inStep) clock.RequireInStep();
        else Assert.Equal("clock-differs", Assert.Throws<RuleBrokenException>(clock.RequireInStep).Code);
        await clock.StopAsync(default);
    }

    [Fact]
    public async Task A_database_that_does_not_answer_leaves_the_node_untrusted()
    {
        using var clock = new NodeClock(_ => throw new NpgsqlException("away"));
        await clock.StartAsync(default);
        Assert.Throws<RuleBrokenException>(clock.RequireInStep);
        await clock.StopAsync(default);
    }

    [Fact]
    public async Task The_database_on_this_machine_is_in_step()
    {
        await using var database = NpgsqlDataSource.Create(Servers.Postgres);
        Assert.True((await NodeClock.Against(database)(default))!.Value.Duration() < NodeClock.DifferenceMax);
    }
}
