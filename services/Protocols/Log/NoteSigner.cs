using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Tendering.Protocols;

/// <summary>Signs notes as a log (type 0x02) or checkpoints as a witness (timestamped cosignatures).</summary>
public sealed class NoteSigner
{
    private readonly ECDsa key;

    private NoteSigner(NoteKey publicKey, ECDsa key) => (Key, this.key) = (publicKey, key);

    /// <summary>What others check the signatures with.</summary>
    public NoteKey Key { get; }

    /// <summary>A log's signer; its name should be the origin line of its checkpoints. The P-256 key stays the caller's to dispose.</summary>
    public static NoteSigner ForLog(string name, ECDsa key) => new(NoteKey.OfLog(name, key), key);

    /// <summary>A witness's signer. A key is for one witness: what it signs does not say its name.</summary>
    public static NoteSigner ForWitness(string name, ECDsa key) => new(NoteKey.OfWitness(name, key), key);

    /// <summary>Signs the text of a note; only a log's signer can.</summary>
    public NoteSignature Sign(string text) => Key.Kind == NoteKeyKind.Ecdsa
        ? new NoteSignature(Key.Name, Key.Id, key.SignData(LogText.Encode(text), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence))
        : throw new InvalidOperationException("A witness signs checkpoints with the time, nothing else.");

    /// <summary>States that at this time (UTC, to the second) the checkpoint is the largest consistent one that the witness has seen of its origin; only a witness's signer can.</summary>
    public NoteSignature Cosign(Checkpoint checkpoint, DateTimeOffset time)
    {
        if (Key.Kind != NoteKeyKind.EcdsaCosignature)
        {
            throw new InvalidOperationException("A log does not cosign.");
        }

        var message = LogText.Encode(NoteKey.CosignedText(checkpoint.Text, time));
        var signature = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(signature, (ulong)time.ToUnixTimeSeconds());
        return new NoteSignature(Key.Name, Key.Id, [.. signature, .. key.SignData(message, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)]);
    }
}
