using System.Globalization;
using Tendering.Benchmarks;
using Tendering.Replay.Client;

// What comes in is handled where it is noticed: the client is to take little of the machine that it shares with the platform.
if (args is ["rush" or "soak", ..]) Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

// The ledger needs no more than its servers: 'make bench-ledger'.
if (args is ["ledger"])
{
    await LedgerBench.RunAsync(Environment.GetEnvironmentVariable("TENDERING_POSTGRES") ?? throw new InvalidOperationException("TENDERING_POSTGRES is not set: run 'make bench-ledger'."));
    return;
}

// The verifier needs no running system.
if (args is ["verify"])
{
    await VerifyBench.RunAsync();
    return;
}

// `log` measures the audit log alone, on databases of its own.
if (args is ["log"])
{
    await LogBench.RunAsync();
    await VerifyBench.RunAsync();
    return;
}
// Archives need no server.
if (args is ["unseal"])
{
    await UnsealBench.RunAsync();
    return;
}

// Measures the running system through its public face, each figure beside a floor taken in the same run on the same servers.
var gateway = Environment.GetEnvironmentVariable("Gateway__Url") ?? throw new InvalidOperationException("Gateway__Url is not set: run 'make bench'.");
var bank = Environment.GetEnvironmentVariable("Bank__Url") ?? throw new InvalidOperationException("Bank__Url is not set: run 'make bench'.");
var postgres = Environment.GetEnvironmentVariable("TENDERING_POSTGRES") ?? throw new InvalidOperationException("TENDERING_POSTGRES is not set: run 'make bench'.");
using var market = await Market.EnterAsync(new Uri(gateway.TrimEnd('/') + "/"), new Uri(bank.TrimEnd('/') + "/"), Environment.GetEnvironmentVariable("Development__Password") ?? "Tendering-dev-2026!", default);

if (args is ["upload"])
{
    await UploadBench.RunAsync(market);
    return;
}
if (args is ["opening"])
{
    await OpeningBench.RunAsync(market);
    await Watched.RestAsync();
    await UnsealBench.RunAsync();
    return;
}
// `rush BIDDERS SECONDS`, the seconds of its soak; `soak SECONDS BIDS_A_SECOND` soaks alone.
if (args is ["rush", var bidders, var soaking])
{
    await RushBench.RunAsync(market, postgres, int.Parse(bidders, CultureInfo.InvariantCulture));
    await Watched.RestAsync();
    await UploadBench.RunAsync(market);
    await Watched.RestAsync();
    await OpeningBench.RunAsync(market);
    await Watched.RestAsync();
    await UnsealBench.RunAsync();
    await SoakBench.RunAsync(market, postgres, Seconds(soaking), SoakBench.HalfTheRush);
    return;
}
if (args is ["soak", var seconds, .. var rate])
{
    await SoakBench.RunAsync(market, postgres, Seconds(seconds), rate is [var given] ? double.Parse(given, CultureInfo.InvariantCulture) : SoakBench.HalfTheRush);
    return;
}
await SubmitBench.RunAsync(market, postgres);
await VisibilityBench.RunAsync(market);

static TimeSpan Seconds(string text) => TimeSpan.FromSeconds(int.Parse(text, CultureInfo.InvariantCulture));
