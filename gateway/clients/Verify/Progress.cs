using System.Globalization;

namespace Tendering.Verify;

/// <summary>A bar on a terminal while long work goes on; nothing where nobody looks.</summary>
public sealed class Progress(bool shown, string unit) : IDisposable
{
    private const int Width = 30;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private readonly long _begun = TimeProvider.System.GetTimestamp();
    private long _drawn;

    public void At(long done, long total)
    {
        if (!shown || total == 0 || (done < total && TimeProvider.System.GetElapsedTime(_drawn) < Pause)) return;
        _drawn = TimeProvider.System.GetTimestamp();
        var filled = (int)(done * Width / total);
        var rate = done / Math.Max(0.001, TimeProvider.System.GetElapsedTime(_begun).TotalSeconds);
        Console.Error.Write(string.Create(CultureInfo.InvariantCulture, $"\r[{new string('#', filled)}{new string('.', Width - filled)}] {done * 100 / total,3}%  {done:N0} of {total:N0} {unit}, {rate:N0}/s  "));
    }

    public void Dispose()
    {
        if (shown && _drawn != 0) Console.Error.Write("\r" + new string(' ', 100) + "\r");
    }
}
