using System.Text;

namespace Tendering.Protocols.Tests;

public class TileTests
{
    private static readonly string[] TesseraLeaves = "one two three four five six seven eit nain ten ileven twelf threeten fourten fivten".Split(' ');

    [Theory]
    [InlineData(0, 1234067, 256, "tile/0/x001/x234/067")]
    [InlineData(0, 0, 256, "tile/0/000")]
    [InlineData(1, 999, 5, "tile/1/999.p/5")]
    [InlineData(2, 1000, 255, "tile/2/x001/000.p/255")]
    [InlineData(TileId.Entries, 36028797018963967, 1, "tile/entries/x036/x028/x797/x018/x963/967.p/1")]
    public void A_tile_has_one_path(int level, long index, int width, string path)
    {
        Assert.Equal(path, new TileId(level, index, width).Path);
        Assert.Equal(new TileId(level, index, width), TileId.TryParse(path));
    }

    [Theory]
    [InlineData("tile/0")]
    [InlineData("tile/00/000")]
    [InlineData("tile/64/000")]
    [InlineData("tile/-1/000")]
    [InlineData("tile/0/1")]
    [InlineData("tile/0/0000")]
    [InlineData("tile/0/x000/001")]
    [InlineData("tile/0/001/001")]
    [InlineData("tile/0/x001")]
    [InlineData("tile/0/000.p")]
    [InlineData("tile/0/000.p/0")]
    [InlineData("tile/0/000.p/256")]
    [InlineData("tile/0/000.p/01")]
    [InlineData("tile/0/000/1")]
    [InlineData("tile/0/x999/x999/x999/x999/x999/x999/999")]
    [InlineData("tile/0/x999/x999/x999/x999/x999/x999/x999/x999/x999/999")]
    [InlineData("tile/0/../000")]
    [InlineData("/tile/0/000")]
    [InlineData("tile/0/000/")]
    [InlineData("")]
    public void Another_text_is_no_tile(string path) => Assert.Null(TileId.TryParse(path));

    [Fact]
    public void A_log_of_70000_has_the_tiles_that_the_specification_counts()
    {
        var tiles = TileId.Between(0, 70_000).ToArray();
        Assert.Equal([274, 2, 1], tiles.GroupBy(tile => tile.Level).Select(level => level.Count()));
        Assert.Equal([(0, 112), (1, 17), (2, 1)], tiles.Where(tile => !tile.IsFull).Select(tile => (tile.Level, tile.Width)));
        Assert.Equal(["tile/0/000", "tile/1/000.p/1"], TileId.Between(0, 256).Select(tile => tile.Path));
        Assert.Equal(["tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1"], TileId.Between(255, 257).Select(tile => tile.Path));
        Assert.Equal(["tile/entries/001.p/44"], TileId.Between(256, 300, entries: true).Select(tile => tile.Path));
        Assert.Empty(TileId.Between(300, 300));
    }

    [Fact]
    public void A_published_log_is_built_tile_by_tile_and_bundle_by_bundle()
    {
        var folder = Path.Combine(Vectors.Folder("tessera-testdata"), "testdata", "log");
        var builder = new TileBuilder();
        for (var size = 1; size <= TesseraLeaves.Length; size++)
        {
            builder.Append(MerkleTree.LeafHash(Encoding.UTF8.GetBytes(TesseraLeaves[size - 1])));
            var (tile, bytes) = Assert.Single(builder.TakeTiles());
            Assert.Equal(File.ReadAllBytes(Path.Combine(folder, tile.Path)), bytes);
            Assert.Equal(Checkpoint.Parse(SignedNote.Parse(File.ReadAllBytes(Path.Combine(folder, $"checkpoint.{size}"))).Text).Root, builder.Root());

            var bundle = File.ReadAllBytes(Path.Combine(folder, TileId.Holding(TileId.Entries, size - 1, size).Path));
            Assert.Equal(TesseraLeaves[..size], EntryBundle.Decode(bundle, size).Select(entry => Encoding.UTF8.GetString(entry.Span)));
            Assert.Equal(bundle, EntryBundle.Encode([.. TesseraLeaves[..size].Select(Encoding.UTF8.GetBytes)]));
        }
    }

    [Fact]
    public async Task Roots_and_proofs_come_from_tiles_however_the_log_grew()
    {
        var ct = TestContext.Current.CancellationToken;
        var random = Randomness.Seeded();
        var leaves = Enumerable.Range(0, 70_000).Select(i => MerkleTree.LeafHash(BitConverter.GetBytes(i))).ToArray();
        var store = new Store();
        var builder = new TileBuilder();
        var sizes = new List<long> { 0 };
        while (builder.Size < leaves.Length)
        {
            var batch = Math.Min(random.Next(1, 3_000), leaves.Length - (int)builder.Size);
            foreach (var leaf in leaves.AsSpan((int)builder.Size, batch))
            {
                builder.Append(leaf);
            }

            store.Keep(builder.TakeTiles());
            sizes.Add(builder.Size);
            // As after a restart: from the tiles alone.
            builder = random.Next(2) == 0 ? builder : TileBuilder.Resume(builder.Size, tile => store.Tiles[tile]);
        }

        Assert.All(TileId.Between(0, 70_000), tile => Assert.True(store.Tiles.ContainsKey(tile), tile.Path));
        var prover = new TileProver(store);
        var root = MerkleTree.Root(leaves);
        Assert.Equal(root, builder.Root());
        Assert.Equal(root, await prover.RootAsync(70_000, ct));
        foreach (var size in sizes.Where((_, i) => i % 7 == 0))
        {
            var old = MerkleTree.Root(leaves[..(int)size]);
            Assert.Equal(old, await prover.RootAsync(size, ct));
            var consistency = await prover.ConsistencyAsync(size, 70_000, ct);
            Assert.True(MerkleTree.VerifyGrowth(size, 70_000, old, root, consistency));
            var index = size == 0 ? 0 : random.NextInt64(size);
            var (then, now) = (size == 0 ? [] : await prover.InclusionAsync(index, size, ct), await prover.InclusionAsync(index, 70_000, ct));
            Assert.True(size == 0 || MerkleTree.VerifyInclusion(index, size, leaves[index], then, old));
            Assert.True(MerkleTree.VerifyInclusion(index, 70_000, leaves[index], now, root));
        }

        Assert.InRange(store.MostAtOnce, 1, 8);
    }

    [Fact]
    public async Task A_tile_that_is_missing_or_too_short_is_named()
    {
        var missing = await Assert.ThrowsAsync<LogFormatException>(() => new TileProver(new Store()).RootAsync(3, TestContext.Current.CancellationToken));
        Assert.Equal("tile.missing", missing.Code);
        var store = new Store();
        store.Keep([new(new TileId(0, 0, 3), new byte[64])]);
        Assert.Equal("tile.length", (await Assert.ThrowsAsync<LogFormatException>(() => new TileProver(store).RootAsync(3, TestContext.Current.CancellationToken))).Code);
    }

    [Fact]
    public void A_bundle_with_more_or_less_than_it_should_hold_is_refused()
    {
        var bundle = EntryBundle.Encode([[1, 2], [], [3]]);
        Assert.Equal(3, EntryBundle.Decode(bundle, 3).Count);
        Assert.Throws<LogFormatException>(() => EntryBundle.Decode(bundle, 2));
        Assert.Throws<LogFormatException>(() => EntryBundle.Decode(bundle, 4));
        Assert.Throws<LogFormatException>(() => EntryBundle.Decode(bundle.AsMemory(0, bundle.Length - 1), 3));
        Assert.Throws<LogFormatException>(() => EntryBundle.Decode(new byte[] { 0 }, 1));
        Assert.Throws<ArgumentException>(() => EntryBundle.Encode([new byte[65_536]]));
        Assert.Equal(65_535, EntryBundle.Decode(EntryBundle.Encode([new byte[65_535]]), 1)[0].Length);
    }

    private sealed class Store : ITileReader
    {
        public Dictionary<TileId, byte[]> Tiles { get; } = [];

        public int MostAtOnce { get; private set; }

        public void Keep(IEnumerable<KeyValuePair<TileId, byte[]>> tiles)
        {
            foreach (var (tile, bytes) in tiles)
            {
                Tiles[tile] = bytes;
            }
        }

        public Task<IReadOnlyDictionary<TileId, byte[]>> ReadAsync(IReadOnlyCollection<TileId> tiles, CancellationToken ct)
        {
            MostAtOnce = Math.Max(MostAtOnce, tiles.Count);
            return Task.FromResult<IReadOnlyDictionary<TileId, byte[]>>(tiles.Where(Tiles.ContainsKey).ToDictionary(tile => tile, tile => Tiles[tile]));
        }
    }
}
