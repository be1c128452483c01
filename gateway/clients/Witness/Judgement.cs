using Tendering.Protocols;

namespace Tendering.Witness;

/// <summary>What a witness answers to a checkpoint that its log has signed.</summary>
public enum Answer
{
    /// <summary>It is the same tree, or one that has grown.</summary>
    Cosign,
    OldSizeLarger,

    /// <summary>The asker's idea of the last size is not the witness's.</summary>
    OtherSize,

    /// <summary>The same size with another root: the log has signed two histories.</summary>
    Fork,

    /// <summary>The proof does not lead from what was cosigned to what is asked for.</summary>
    NoProof,
}

/// <summary>The decision of C2SP tlog-witness, from the last checkpoint that was cosigned (null: none) and the request.</summary>
public static class Judgement
{
    public static Answer Of(Checkpoint? last, WitnessRequest request, Checkpoint offered)
    {
        var (size, root) = last is null ? (0, MerkleTree.EmptyRoot) : (last.Size, last.Root);
        // Looked at before anything else: whatever the request says of sizes, two roots of one size are the gravest thing there is.
        if (offered.Size == size && !offered.Root.AsSpan().SequenceEqual(root)) return Answer.Fork;
        if (request.OldSize > offered.Size) return Answer.OldSizeLarger;
        if (request.OldSize != size) return Answer.OtherSize;
        return MerkleTree.VerifyGrowth(size, offered.Size, root, offered.Root, request.Proof) ? Answer.Cosign : Answer.NoProof;
    }
}
