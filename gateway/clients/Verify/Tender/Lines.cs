using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Tendering.Verify.Tender;

/// <summary>The lines of a file as bytes, each with its newline, one at a time in memory.</summary>
internal static class Lines
{
    private const int LineMax = 256 * 1024 * 1024;

    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(Stream stream, [EnumeratorCancellation] CancellationToken ct)
    {
        var reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 * 1024, leaveOpen: true));
        while (true)
        {
            var read = await reader.ReadAsync(ct);
            var buffer = read.Buffer;
            while (buffer.PositionOf((byte)'\n') is { } end)
            {
                var next = buffer.GetPosition(1, end);
                yield return buffer.Slice(0, next).ToArray();
                buffer = buffer.Slice(next);
            }
            if (buffer.Length > LineMax) throw new UnreachableException("A line is longer than any line of a dossier can be.");
            if (read.IsCompleted)
            {
                if (!buffer.IsEmpty) yield return buffer.ToArray();
                break;
            }
            reader.AdvanceTo(buffer.Start, buffer.End);
        }
        await reader.CompleteAsync();
    }
}
