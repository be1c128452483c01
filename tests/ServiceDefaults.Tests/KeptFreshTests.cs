using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Tendering.ServiceDefaults;
using Tendering.Testing;

namespace Tendering.ServiceDefaults.Tests;

public class KeptFreshTests
{
    [Fact]
    public void A_fault_is_news_once_and_again_when_it_had_gone()
    {
        var shelf = new Shelf();
        using var fresh = On(shelf);
        Assert.True(fresh.Read());
        shelf.Faults.Add(new FreshFault("a", "half written", false));
        Assert.False(fresh.Read());
        Assert.True(fresh.Read());
        shelf.Faults.Add(new FreshFault("b", "overdue", true));
        Assert.False(fresh.Read());
        shelf.Faults.Clear();
        Assert.True(fresh.Read());
        shelf.Faults.Add(new FreshFault("a", "half written", false));
        Assert.False(fresh.Read());
    }

    [Fact]
    public async Task What_cannot_be_used_is_read_first_and_then_nothing_starts()
    {
        var shelf = new Shelf { IsUsable = false };
        using var fresh = On(shelf);
        await Assert.ThrowsAsync<InvalidOperationException>(() => fresh.StartAsync(default));
        Assert.Equal(1, shelf.Reads);
    }

    [Fact]
    public void Services_of_one_process_share_it()
    {
        var services = new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(new TestClock());
        var first = new Shelf();
        services.AddKeptFresh(() => first, How);
        services.AddKeptFresh(() => new Shelf(), How);
        using var provider = services.BuildServiceProvider();
        Assert.Same(first, provider.GetRequiredService<Shelf>());
        Assert.Same(provider.GetRequiredService<KeptFresh<Shelf>>(), Assert.Single(provider.GetServices<IHostedService>()));
    }

    private static Fresh<Shelf> How => new((shelf, _) => shelf.Read(), shelf => { if (!shelf.IsUsable) throw new InvalidOperationException(); });

    private static KeptFresh<Shelf> On(Shelf shelf) => new(shelf, How, new TestClock(), NullLogger<KeptFresh<Shelf>>.Instance);

    private sealed class Shelf
    {
        public List<FreshFault> Faults { get; } = [];
        public bool IsUsable { get; init; } = true;
        public int Reads { get; private set; }

        public IEnumerable<FreshFault> Read()
        {
            Reads++;
            return [.. Faults];
        }
    }
}
