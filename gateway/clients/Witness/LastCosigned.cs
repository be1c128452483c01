using System.Buffers.Binary;
using System.Security.Cryptography;
using Tendering.Protocols;

namespace Tendering.Witness;

/// <summary>
/// The last checkpoint of one log that was cosigned, on disk before anybody is told. The file holds it twice, written one after the other: a write that is cut off
/// or a bad block spoils one of them. Where neither is whole the witness does not start, for it would take a log's past to be empty.
/// </summary>
public sealed class LastCosigned : IDisposable
{
    private const int PlaceLength = 128 * 1024, HeadLength = 8 + 4 + 32;
    private readonly FileStream _file;
    private long _writes;

    private LastCosigned(FileStream file) => _file = file;

    /// <summary>Signed by the log, cosigned by this witness; null before the first.</summary>
    public SignedNote? Note { get; private set; }

    public Checkpoint? Checkpoint { get; private set; }

    /// <summary>One request at a time may look, decide and write.</summary>
    public SemaphoreSlim Turn { get; } = new(1, 1);

    public static LastCosigned Open(string path)
    {
        var isNew = !File.Exists(path);
        var last = new LastCosigned(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0));
        if (isNew || last._file.Length == 0) last.Prepare(Path.GetDirectoryName(path)!);
        else last.Load(path);
        return last;
    }

    public void Write(SignedNote note)
    {
        var checkpoint = Checkpoint.Parse(note.Text);
        Put(note.ToBytes());
        (Note, Checkpoint) = (note, checkpoint);
    }

    public void Dispose()
    {
        _file.Dispose();
        Turn.Dispose();
    }

    // An empty first record: from now on a file without a whole record is a damaged one.
    private void Prepare(string folder)
    {
        _file.SetLength(2 * PlaceLength);
        Put([]);
        Durable.SyncFolder(folder);
    }

    private void Load(string path)
    {
        var records = Enumerable.Range(0, 2).Select(Get).OfType<(long Number, byte[] Note)>().OrderBy(record => record.Number).ToArray();
        if (records.Length == 0) throw new InvalidDataException($"{path} is damaged: what this witness has cosigned is no longer known. It must not go on under the same name.");
        (_writes, var bytes) = records[^1];
        if (records.Length < 2 || records[0].Number != _writes) Put(bytes);
        if (bytes.Length == 0) return;
        Note = SignedNote.Parse(bytes);
        Checkpoint = Checkpoint.Parse(Note.Text);
    }

    private void Put(byte[] note)
    {
        var number = _writes + 1;
        var record = new byte[HeadLength + note.Length];
        BinaryPrimitives.WriteInt64BigEndian(record, number);
        BinaryPrimitives.WriteInt32BigEndian(record.AsSpan(8), note.Length);
        note.CopyTo(record, HeadLength);
        SumOf(record).CopyTo(record, 12);
        for (var place = 0; place < 2; place++)
        {
            _file.Position = place * PlaceLength;
            _file.Write(record);
            _file.Flush(flushToDisk: true);
        }
        _writes = number;
    }

    private (long, byte[])? Get(int place)
    {
        var record = new byte[PlaceLength];
        _file.Position = place * PlaceLength;
        if (_file.ReadAtLeast(record, PlaceLength, throwOnEndOfStream: false) < PlaceLength) return null;
        var length = BinaryPrimitives.ReadInt32BigEndian(record.AsSpan(8));
        if (length < 0 || length > PlaceLength - HeadLength) return null;
        record = record[..(HeadLength + length)];
        return SumOf(record).AsSpan().SequenceEqual(record.AsSpan(12, 32)) ? (BinaryPrimitives.ReadInt64BigEndian(record), record[HeadLength..]) : null;
    }

    private static byte[] SumOf(byte[] record) => SHA256.HashData([.. record.AsSpan(0, 12), .. record.AsSpan(HeadLength)]);
}
