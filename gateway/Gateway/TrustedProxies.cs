using IPNetwork = System.Net.IPNetwork;
using Microsoft.AspNetCore.HttpOverrides;

namespace Tendering.Gateway;

/// <summary>A load balancer in front is believed about the client's address and scheme only if <c>Gateway:TrustedProxies</c> names its network; nobody else is.</summary>
public static class TrustedProxies
{
    public static void Add(WebApplicationBuilder builder) => builder.Services.Configure<ForwardedHeadersOptions>(options =>
    {
        options.KnownIPNetworks.Clear();
        options.KnownProxies.Clear();
        var networks = (builder.Configuration["Gateway:TrustedProxies"] ?? "").Split([',', ' '], StringSplitOptions.RemoveEmptyEntries);
        foreach (var network in networks) options.KnownIPNetworks.Add(IPNetwork.Parse(network));
        // With no known network the middleware would believe everyone.
        options.ForwardedHeaders = networks.Length > 0 ? ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto : ForwardedHeaders.None;
    });
}
