using System.Security.Cryptography;
using System.Text;

namespace Tendering.Protocols.Tests.Log;

public class SecretTreeTests
{
    private static readonly byte[] Seed = SHA256.HashData("seed"u8);

    private static (SecretTree Tree, (uint Position, byte[] Hash, byte[] Salt, string Face)[] Items) Tree(int count)
    {
        var taken = new HashSet<uint>();
        var items = Enumerable.Range(0, count).Select(i =>
        {
            var (salt, face) = (SHA256.HashData(BitConverter.GetBytes(i)), $$"""{"id":{{i}}}""");
            var position = SecretTree.PlaceFor(Seed, new Guid(i, 0, 0, new byte[8]), taken);
            taken.Add(position);
            return (position, SecretTree.Item(salt, Encoding.UTF8.GetBytes(face)), salt, face);
        }).ToArray();
        return (new SecretTree(Seed, items.Select(i => (i.position, i.Item2))), items);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(100)]
    public void Every_event_leads_to_the_root_and_no_other_does(int count)
    {
        var (tree, items) = Tree(count);
        foreach (var item in items)
        {
            var opening = new SecretOpening(item.Face, 0, item.Position, tree.Path(item.Position), item.Salt);
            Assert.Equal(tree.Root(), opening.Root());
            Assert.NotEqual(tree.Root(), (opening with { Face = item.Face + " " }).Root());
            Assert.NotEqual(tree.Root(), (opening with { Salt = Seed }).Root());
            Assert.NotEqual(tree.Root(), (opening with { Position = item.Position ^ 1 }).Root());
        }
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(uint.MaxValue)]
    [InlineData(0x80000000u)]
    public void The_edges_of_the_tree_are_places_too(uint position)
    {
        var hash = SHA256.HashData("x"u8);
        var tree = new SecretTree(Seed, [(position, hash), (position ^ 1, SHA256.HashData("y"u8)), (position ^ 0xffffffff, SHA256.HashData("z"u8))]);
        Assert.Equal(tree.Root(), SecretTree.Climb(position, hash, tree.Path(position)));
    }

    [Fact]
    public void Root_path_and_entry_have_the_same_length_whatever_the_number_of_events()
    {
        Assert.Equal(SecretTree.Entry(Tree(0).Tree.Root()).Length, SecretTree.Entry(Tree(200).Tree.Root()).Length);
        var (one, many) = (Tree(1), Tree(200));
        Assert.Equal(one.Tree.Path(one.Items[0].Position).Count, many.Tree.Path(many.Items[0].Position).Count);
        // Two empty subtrees never share a hash: a repeated sibling would show that nothing is there.
        Assert.Equal(SecretTree.Depth, one.Tree.Path(one.Items[0].Position).Select(Convert.ToHexString).Distinct().Count());
    }

    [Fact]
    public void Another_seed_gives_an_empty_tree_another_root() => Assert.NotEqual(new SecretTree(Seed, []).Root(), new SecretTree(SHA256.HashData(Seed), []).Root());

    [Fact]
    public void A_place_that_is_taken_is_not_given_again()
    {
        var first = SecretTree.PlaceFor(Seed, Guid.Empty, new HashSet<uint>());
        Assert.NotEqual(first, SecretTree.PlaceFor(Seed, Guid.Empty, new HashSet<uint> { first }));
    }

    [Fact]
    public void A_path_of_another_length_is_refused()
    {
        Assert.Throws<ArgumentException>(() => SecretTree.Climb(0, Seed, []));
        Assert.Throws<ArgumentException>(() => SecretTree.Climb(0, Seed, [.. Enumerable.Repeat(new byte[31], 32)]));
    }

    [Fact]
    public void A_number_that_would_lose_digits_has_no_exact_canonical_form()
    {
        Assert.Equal("""{"a":1,"b":1.5}"""u8.ToArray(), CanonicalJson.CanonicalizeExactly("""{"b":1.50,"a":1}"""u8));
        Assert.Throws<System.Text.Json.JsonException>(() => CanonicalJson.CanonicalizeExactly("[1.00000000000000000001]"u8));
    }
}
