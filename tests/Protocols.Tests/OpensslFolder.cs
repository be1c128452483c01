using System.ComponentModel;
using System.Diagnostics;

namespace Tendering.Protocols.Tests;

/// <summary>A folder in which openssl works as a stranger would use it; where openssl is missing the test is skipped.</summary>
internal sealed class OpensslFolder : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("tendering-openssl");

    public void Write(string name, byte[] bytes) => File.WriteAllBytes(Path.Combine(folder.FullName, name), bytes);

    public byte[] Read(string name) => File.ReadAllBytes(Path.Combine(folder.FullName, name));

    public async Task<int> OpensslAsync(string arguments)
    {
        try
        {
            using var openssl = Process.Start(new ProcessStartInfo("openssl", arguments) { WorkingDirectory = folder.FullName, RedirectStandardError = true })!;
            TestContext.Current.TestOutputHelper?.WriteLine(await openssl.StandardError.ReadToEndAsync());
            await openssl.WaitForExitAsync();
            return openssl.ExitCode;
        }
        catch (Win32Exception)
        {
            Assert.Skip("openssl is not installed.");
            return -1;
        }
    }

    public void Dispose() => folder.Delete(recursive: true);
}
