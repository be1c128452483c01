using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Tendering.Protocols.Tests;

public class MerkleTreeTests
{
    [Fact]
    public void Every_published_inclusion_case_gets_its_verdict()
    {
        var cases = Cases("inclusion");
        Assert.Equal(98, cases.Count);
        Assert.All(cases, item => Assert.True(Inclusion(item.Case) != item.Case["wantErr"]!.GetValue<bool>(), item.Name));
    }

    [Fact]
    public void Every_published_consistency_case_gets_its_verdict()
    {
        var cases = Cases("consistency");
        Assert.Equal(98, cases.Count);
        Assert.All(cases, item => Assert.True(Consistency(item.Case) != item.Case["wantErr"]!.GetValue<bool>(), item.Name));
    }

    [Fact]
    public void The_roots_of_a_published_log_come_out()
    {
        var folder = Vectors.Folder("tessera-testdata");
        var leaves = "one two three four five six seven eit nain ten ileven twelf threeten fourten fivten".Split(' ')
            .Select(text => MerkleTree.LeafHash(Encoding.UTF8.GetBytes(text))).ToArray();
        for (var size = 0; size <= leaves.Length; size++)
        {
            var checkpoint = File.ReadAllLines(Path.Combine(folder, "testdata", "log", "checkpoint." + size.ToString(CultureInfo.InvariantCulture)));
            Assert.Equal(size.ToString(CultureInfo.InvariantCulture), checkpoint[1]);
            Assert.Equal(checkpoint[2], Convert.ToBase64String(MerkleTree.Root(leaves[..size])));
        }
    }

    [Fact]
    public void Every_proof_of_every_small_tree_holds()
    {
        var leaves = Leaves(40);
        for (var size = 1; size <= leaves.Length; size++)
        {
            var root = MerkleTree.Root(leaves[..size]);
            for (var other = 0; other < size; other++)
            {
                Assert.True(MerkleTree.VerifyInclusion(other, size, leaves[other], MerkleTree.InclusionProof(other, leaves[..size]), root));
                var proof = MerkleTree.ConsistencyProof(other, leaves[..size]);
                Assert.True(MerkleTree.VerifyGrowth(other, size, MerkleTree.Root(leaves[..other]), root, proof));
                Assert.Equal(other > 0, MerkleTree.VerifyConsistency(other, size, MerkleTree.Root(leaves[..other]), root, proof));
            }

            Assert.True(MerkleTree.VerifyConsistency(size, size, root, root, MerkleTree.ConsistencyProof(size, leaves[..size])));
        }
    }

    [Fact]
    public void A_proof_for_a_changed_leaf_place_or_history_fails()
        => Randomness.ForAnySeed(300, random =>
        {
            var leaves = Leaves(random.Next(2, 200));
            var (size, index) = (leaves.Length, random.Next(leaves.Length));
            var oldSize = random.Next(1, size);
            var root = MerkleTree.Root(leaves);
            var inclusion = MerkleTree.InclusionProof(index, leaves);
            var consistency = MerkleTree.ConsistencyProof(oldSize, leaves);
            var rewritten = leaves.ToArray();
            rewritten[random.Next(oldSize)] = MerkleTree.LeafHash("rewritten"u8);
            return MerkleTree.VerifyInclusion(index, size, leaves[index], inclusion, root)
                && !MerkleTree.VerifyInclusion(index, size, MerkleTree.LeafHash("other"u8), inclusion, root)
                && !MerkleTree.VerifyInclusion((index + 1) % size, size, leaves[index], inclusion, root)
                && !MerkleTree.VerifyInclusion(index, size, leaves[index], Flipped(inclusion, random), root)
                && !MerkleTree.VerifyConsistency(oldSize, size, MerkleTree.Root(rewritten[..oldSize]), root, consistency)
                && !MerkleTree.VerifyConsistency(oldSize, size, MerkleTree.Root(leaves[..oldSize]), root, Flipped(consistency, random));
        });

    [Fact]
    public void A_large_tree_needs_only_logarithmically_many_subtrees()
    {
        // A log's tiles answer for subtrees; here every leaf is alike, so that a level's hash is known without the leaves.
        var levels = new List<byte[]> { MerkleTree.LeafHash([]) };
        var asked = 0;
        byte[] Subtree(int level, long index)
        {
            asked++;
            while (levels.Count <= level)
            {
                levels.Add(MerkleTree.NodeHash(levels[^1], levels[^1]));
            }

            return levels[level];
        }

        const long size = 5_000_000_011, oldSize = 4_999_999_999;
        var root = MerkleTree.Root(size, Subtree);
        Assert.True(MerkleTree.VerifyInclusion(1_234_567_890, size, levels[0], MerkleTree.InclusionProof(1_234_567_890, size, Subtree), root));
        Assert.True(MerkleTree.VerifyConsistency(oldSize, size, MerkleTree.Root(oldSize, Subtree), root, MerkleTree.ConsistencyProof(oldSize, size, Subtree)));
        Assert.InRange(asked, 1, 500);
    }

    [Fact]
    public void A_witness_takes_any_tree_after_the_empty_one_but_with_no_proof()
    {
        var root = MerkleTree.Root(Leaves(3));
        Assert.True(MerkleTree.VerifyGrowth(0, 3, MerkleTree.EmptyRoot, root, []));
        Assert.True(MerkleTree.VerifyGrowth(0, 0, MerkleTree.EmptyRoot, MerkleTree.EmptyRoot, []));
        Assert.False(MerkleTree.VerifyGrowth(0, 0, MerkleTree.EmptyRoot, root, []));
        Assert.False(MerkleTree.VerifyGrowth(0, 3, root, root, []));
        Assert.False(MerkleTree.VerifyGrowth(0, 3, MerkleTree.EmptyRoot, root, [root]));
        Assert.False(MerkleTree.VerifyGrowth(3, 2, root, root, []));
    }

    private static bool Inclusion(JsonNode node) => MerkleTree.VerifyInclusion(
        Size(node, "leafIdx"), Size(node, "treeSize"), Bytes(node["leafHash"]), Proof(node), Bytes(node["root"]));

    private static bool Consistency(JsonNode node) => MerkleTree.VerifyConsistency(
        Size(node, "size1"), Size(node, "size2"), Bytes(node["root1"]), Bytes(node["root2"]), Proof(node));

    private static long Size(JsonNode node, string member)
        => ulong.Parse(node[member]!.ToJsonString(), CultureInfo.InvariantCulture) is <= long.MaxValue and var size ? (long)size : -1;

    private static byte[] Bytes(JsonNode? node) => node is null ? [] : Convert.FromBase64String(node.GetValue<string>());

    private static byte[][] Proof(JsonNode node) => node["proof"] is JsonArray proof ? [.. proof.Select(Bytes)] : [];

    private static List<(string Name, JsonNode Case)> Cases(string kind)
    {
        var folder = Path.Combine(Vectors.Folder("transparency-dev-merkle"), "testdata", kind);
        return [.. Directory.EnumerateFiles(folder, "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(file => (Path.GetRelativePath(folder, file), JsonNode.Parse(File.ReadAllText(file))!))];
    }

    private static byte[][] Leaves(int count) => [.. Enumerable.Range(0, count).Select(i => MerkleTree.LeafHash([(byte)i, (byte)(i >> 8)]))];

    private static byte[][] Flipped(IReadOnlyList<byte[]> proof, Random random)
    {
        var changed = proof.Select(hash => hash.ToArray()).ToArray();
        changed[random.Next(changed.Length)][random.Next(32)] ^= (byte)(1 << random.Next(8));
        return changed;
    }
}
