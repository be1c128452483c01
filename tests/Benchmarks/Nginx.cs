using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Tendering.Benchmarks;

/// <summary>nginx with a plain PUT (dav) into a folder beside the system's own storage, for as long as one measurement.</summary>
internal static class Nginx
{
    private static readonly string[] Programs = ["/usr/sbin/nginx", "/usr/local/sbin/nginx"];

    /// <summary>MiB a second until all is answered, and until all is on disk, which nginx does not wait for; null where nginx is not installed.</summary>
    public static async Task<(double Answered, double OnDisk)?> PutAsync(byte[] content, int uploaders)
    {
        if (Programs.FirstOrDefault(File.Exists) is not { } program) return null;
        var folder = Directory.CreateDirectory(Path.Combine(Environment.GetEnvironmentVariable("TENDERING_RUN")!, "bench-nginx")).FullName;
        try
        {
            var port = FreePort();
            Directory.CreateDirectory(Path.Combine(folder, "data"));
            await File.WriteAllTextAsync(Path.Combine(folder, "nginx.conf"), $$"""
                user root;
                daemon off;
                pid {{folder}}/pid;
                error_log {{folder}}/error.log;
                events { }
                http {
                  access_log off;
                  client_body_temp_path {{folder}}/data/tmp;
                  server { listen 127.0.0.1:{{port}}; client_max_body_size 0; location / { root {{folder}}/data; dav_methods PUT; } }
                }
                """);
            using var nginx = Process.Start(new ProcessStartInfo(program, ["-c", Path.Combine(folder, "nginx.conf"), "-p", folder]))!;
            try { return await MeasureAsync(port, content, uploaders, Path.Combine(folder, "data")); }
            finally { nginx.Kill(entireProcessTree: true); }
        }
        finally { Directory.Delete(folder, recursive: true); }
    }

    private static async Task<(double, double)> MeasureAsync(int port, byte[] content, int uploaders, string folder)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/") };
        while (true)
        {
            try { (await http.PutAsync("warm", new ByteArrayContent(content, 0, 1024 * 1024))).EnsureSuccessStatusCode(); break; }
            catch (HttpRequestException e) when (e.InnerException is SocketException) { await Task.Delay(50); }
        }
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, uploaders).Select(async n => (await http.PutAsync($"f{n}", new ByteArrayContent(content))).EnsureSuccessStatusCode()));
        var answered = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Parallel.For(0, uploaders, n =>
        {
            using var file = File.OpenHandle(Path.Combine(folder, $"f{n}"), FileMode.Open, FileAccess.Write);
            RandomAccess.FlushToDisk(file);
        });
        var megabytes = (double)uploaders * (content.Length >> 20);
        return (megabytes / answered, megabytes / Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
