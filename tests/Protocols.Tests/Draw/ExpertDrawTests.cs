using System.Security.Cryptography;
using System.Text;

namespace Tendering.Protocols.Tests;

public class ExpertDrawTests
{
    private static readonly byte[] Seed = SHA256.HashData("seed"u8);

    [Fact]
    public void Everybody_in_the_pool_is_drawn_exactly_once()
        => Randomness.ForAnySeed(50, random =>
        {
            var size = random.Next(0, 300);
            return ExpertDraw.Sequence(random.Bytes(32), size).Select(selection => selection.PoolNumber).Order().SequenceEqual(Enumerable.Range(1, size));
        });

    [Fact]
    public void The_sequence_is_that_of_a_program_written_by_a_stranger()
    {
        // From the words of the documentation, with a Python's worth of arithmetic.
        var pool = Enumerable.Range(1, 30).ToList();
        foreach (var selection in ExpertDraw.Sequence(Seed, 30))
        {
            byte[] message = [0, 0, 0, (byte)selection.Index];
            var place = HMACSHA256.HashData(Seed, message).Aggregate(0, (rest, b) => ((rest * 256) + b) % pool.Count);
            Assert.Equal(pool[place], selection.PoolNumber);
            pool.RemoveAt(place);
        }

        Assert.Empty(pool);
    }

    [Fact]
    public void The_sequence_of_a_known_seed_never_changes()
        => Assert.Equal(Golden, ExpertDraw.Sequence(new byte[32], 20).Take(7).Select(selection => selection.PoolNumber));

    // Computed outside this project: for i in range(7): p.pop(int.from_bytes(hmac.digest(bytes(32), i.to_bytes(4, 'big'), 'sha256')) % len(p))
    private static readonly int[] Golden = [4, 9, 5, 19, 13, 2, 16];

    [Fact]
    public void A_hash_that_would_favour_somebody_is_spent_without_choice()
    {
        // One byte in the place of 32: of 256 values, 3 fit 85 times and the 255th is left over.
        var hashes = new byte[][] { [255], [254], [255], [3], [9] };
        var sequence = ExpertDraw.Sequence(index => hashes[index], 3).ToArray();
        Assert.Equal([new Selection(1, 3), new Selection(2, 2), new Selection(3, 1)], sequence);
    }

    [Fact]
    public void The_first_draw_is_fair()
    {
        // 8,000 draws of a pool of 8: chi-square with 7 degrees of freedom stays below 40 but once in 800,000 times; the seeds are fixed.
        var counts = new int[8];
        for (var i = 0; i < 8_000; i++)
        {
            counts[ExpertDraw.Sequence(SHA256.HashData(BitConverter.GetBytes(i)), 8).First().PoolNumber - 1]++;
        }

        Assert.InRange(counts.Sum(count => (count - 1000.0) * (count - 1000.0) / 1000.0), 0, 40);
    }

    [Fact]
    public void A_replacement_is_the_next_of_the_same_sequence()
        => Assert.Equal(ExpertDraw.Sequence(Seed, 50).Take(5), ExpertDraw.Sequence(Seed, 50).Take(9).Take(5));

    [Fact]
    public void A_pool_line_commits_to_its_expert_without_naming_it()
    {
        var expert = Guid.NewGuid();
        var salt = PoolEntry.NewSalt();
        var entry = PoolEntry.Of(4, expert, salt);
        Assert.True(entry.IsOf(expert, salt));
        Assert.False(entry.IsOf(Guid.NewGuid(), salt));
        Assert.False(entry.IsOf(expert, PoolEntry.NewSalt()));
        Assert.False(entry.IsOf(expert, []));
    }

    [Fact]
    public void A_pools_hash_depends_on_every_line_and_on_the_order()
    {
        var pool = DrawFixture.Pool(5);
        var hash = ExpertDraw.PoolHash(pool);
        Assert.Equal(HexText.Sha256(CanonicalJson.Serialize(pool)), hash);
        Assert.NotEqual(hash, ExpertDraw.PoolHash(pool[..4]));
        Assert.NotEqual(hash, ExpertDraw.PoolHash([pool[1] with { Number = 1 }, pool[0] with { Number = 2 }, .. pool[2..]]));
        Assert.Throws<ArgumentException>(() => ExpertDraw.PoolHash([pool[1], pool[0]]));
        Assert.Throws<ArgumentException>(() => ExpertDraw.PoolHash([new PoolEntry(1, "name")]));
    }

    [Fact]
    public void Alpha_is_readable_and_unambiguous()
        => Assert.Equal(
            $$"""{"checkpoint":"{{new string('0', 64)}}","context":"tendering/v1/draw","pool":"ab","purpose":"评标专家|1","round":2,"tender":"0198a000-0000-7000-8000-000000000001"}""",
            Encoding.UTF8.GetString(ExpertDraw.Alpha("ab", BidFixture.Tender, "评标专家|1", 2, new byte[32])));

    [Fact]
    public void Fewer_than_two_reveals_make_no_seed()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ExpertDraw.Seed(new byte[32], [new byte[32]]));
        Assert.Throws<ArgumentException>(() => ExpertDraw.Seed(new byte[32], [new byte[32], new byte[31]]));
        Assert.Equal(SHA256.HashData(new byte[96]), ExpertDraw.Seed(new byte[32], [new byte[32], new byte[32]]));
    }
}
