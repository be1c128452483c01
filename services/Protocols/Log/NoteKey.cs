using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Tendering.Protocols;

/// <summary>What a note's key signs with. Keys of the kinds that cannot be checked here are read and their signatures ignored.</summary>
public enum NoteKeyKind
{
    /// <summary>ECDSA P-256 with SHA-256 (C2SP signed-note, type 0x02): logs.</summary>
    Ecdsa,

    /// <summary>A timestamped cosignature by ECDSA P-256 with SHA-256 (type 0xff with a name of ours, docs/formats/log.md): witnesses.</summary>
    EcdsaCosignature,

    /// <summary>Ed25519 (0x01), its timestamped cosignature (0x04), and the other assigned types.</summary>
    Other,
}

/// <summary>The public key that a signed note is checked with, as the text <c>name+id+base64</c> of C2SP signed-note (a vkey).</summary>
public sealed class NoteKey : IEquatable<NoteKey>
{
    /// <summary>What C2SP asks of a type without an assigned byte: 0xff and a name that will not collide.</summary>
    private static readonly byte[] CosignatureType = [0xff, .. "tendering/ecdsa-p256-cosignature/v1"u8];
    private const byte Ed25519Type = 0x01, EcdsaType = 0x02, Ed25519CosignatureType = 0x04, TreeHeadType = 0x05, MlDsaCosignatureType = 0x06;
    private const int SignatureLength = 64, TimeLength = 8;
    private readonly byte[] material;

    private NoteKey(string name, NoteKeyKind kind, uint id, byte[] material) => (Name, Kind, Id, this.material) = (name, kind, id, material);

    public string Name { get; }

    public NoteKeyKind Kind { get; }

    public uint Id { get; }

    /// <summary>A log's key.</summary>
    public static NoteKey OfLog(string name, ECDsa key) => Create(name, NoteKeyKind.Ecdsa, Spki(key), [EcdsaType]);

    /// <summary>A witness's key.</summary>
    public static NoteKey OfWitness(string name, ECDsa key) => Create(name, NoteKeyKind.EcdsaCosignature, Spki(key), CosignatureType);

    /// <summary>Reads a vkey; a wrong key id, a curve other than P-256 and types that nobody assigned are refused with a <see cref="LogFormatException"/>.</summary>
    public static NoteKey Parse(string vkey) => TryParse(vkey) ?? throw new LogFormatException("note.key", "The text is not a verifier key of C2SP signed-note: name+id+base64.");

    public static NoteKey? TryParse(string? vkey)
    {
        var parts = vkey?.Split('+', 3);
        if (parts is not { Length: 3 } || !IsName(parts[0]) || HexText.TryDecode(parts[1], 4) is not { } id || LogText.Base64(parts[2]) is not { Length: >= 2 } material)
        {
            return null;
        }

        var number = BinaryPrimitives.ReadUInt32BigEndian(id);
        NoteKeyKind? kind = material[0] switch
        {
            EcdsaType when IsP256(material.AsSpan(1)) => NoteKeyKind.Ecdsa,
            0xff when material.AsSpan().StartsWith(CosignatureType) => IsP256(material.AsSpan(CosignatureType.Length)) ? NoteKeyKind.EcdsaCosignature : null,
            Ed25519Type or Ed25519CosignatureType => material.Length == 33 ? NoteKeyKind.Other : null,
            TreeHeadType or MlDsaCosignatureType or 0xff => NoteKeyKind.Other,
            _ => null,
        };

        // How the ids of tree heads and of other people's types are made is not ours to know.
        var known = material[0] is not (TreeHeadType or 0xff) || kind == NoteKeyKind.EcdsaCosignature;
        return kind is { } k && (!known || IdOf(parts[0], k, material) == number) ? new NoteKey(parts[0], k, number, material) : null;
    }

    /// <summary>A key's or witness's name: not empty, no white space, no plus sign.</summary>
    public static bool IsName(string name) => name.Length > 0 && !name.Any(c => c == '+' || char.IsWhiteSpace(c) || char.IsControl(c));

    /// <summary>Did this key sign the text? False for kinds that cannot be checked here.</summary>
    public bool Verify(string text, ReadOnlySpan<byte> signature)
    {
        switch (Kind)
        {
            case NoteKeyKind.Ecdsa:
                return Verify(LogText.Encode(text), signature, material.AsSpan(1), DSASignatureFormat.Rfc3279DerSequence);
            case NoteKeyKind.EcdsaCosignature when TimeOf(signature) is { } time:
                var message = LogText.Encode(CosignedText(text, time));
                return Verify(message, signature[TimeLength..], material.AsSpan(CosignatureType.Length), DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
            default:
                return false;
        }
    }

    /// <summary>When a cosignature says that it was made (C2SP tlog-cosignature), to the second; null for a signature that is none. Unverified.</summary>
    public DateTimeOffset? TimeOf(ReadOnlySpan<byte> signature)
    {
        if ((Kind != NoteKeyKind.EcdsaCosignature && material[0] != Ed25519CosignatureType) || signature.Length != TimeLength + SignatureLength)
        {
            return null;
        }

        var seconds = BinaryPrimitives.ReadUInt64BigEndian(signature);
        return seconds <= (ulong)DateTimeOffset.MaxValue.ToUnixTimeSeconds() ? DateTimeOffset.FromUnixTimeSeconds((long)seconds) : null;
    }

    /// <summary>The vkey.</summary>
    public override string ToString() => $"{Name}+{Id.ToString("x8", CultureInfo.InvariantCulture)}+{Convert.ToBase64String(material)}";

    public bool Equals(NoteKey? other) => other is not null && ToString() == other.ToString();

    public override bool Equals(object? obj) => Equals(obj as NoteKey);

    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    internal static string CosignedText(string text, DateTimeOffset time) => $"cosignature/v1\ntime {LogText.Decimal(time.ToUnixTimeSeconds())}\n{text}";

    private static NoteKey Create(string name, NoteKeyKind kind, byte[] spki, byte[] type)
    {
        byte[] material = [.. type, .. spki];
        return IsName(name) ? new NoteKey(name, kind, IdOf(name, kind, material), material) : throw new ArgumentException("Not a name for a note's key.", nameof(name));
    }

    // C2SP signed-note recommends name, newline, type and key, but says that ECDSA hashes the key alone.
    private static uint IdOf(string name, NoteKeyKind kind, byte[] material) => BinaryPrimitives.ReadUInt32BigEndian(
        kind == NoteKeyKind.Ecdsa ? SHA256.HashData(material.AsSpan(1)) : SHA256.HashData([.. LogText.Encode(name), (byte)'\n', .. material]));

    private static byte[] Spki(ECDsa key)
    {
        var spki = key.ExportSubjectPublicKeyInfo();
        return IsP256(spki) ? spki : throw new ArgumentException("Not a P-256 key.", nameof(key));
    }

    private static bool IsP256(ReadOnlySpan<byte> spki)
    {
        using var key = Import(spki);
        return key is not null;
    }

    private static bool Verify(byte[] message, ReadOnlySpan<byte> signature, ReadOnlySpan<byte> spki, DSASignatureFormat format)
    {
        using var key = Import(spki);
        try
        {
            return key is not null && key.VerifyData(message, signature, HashAlgorithmName.SHA256, format);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static ECDsa? Import(ReadOnlySpan<byte> spki)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(spki, out var read);
            if (read == spki.Length && key.ExportParameters(false).Curve.Oid.Value == ECCurve.NamedCurves.nistP256.Oid.Value)
            {
                return key;
            }
        }
        catch (CryptographicException)
        {
        }

        key.Dispose();
        return null;
    }
}
