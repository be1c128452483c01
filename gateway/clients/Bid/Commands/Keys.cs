using Tendering.Protocols;

namespace Tendering.Bid.Commands;

/// <summary>Makes key pairs on this device; the private halves leave it only under a passphrase.</summary>
internal static class Keys
{
    public static async Task<object> CustodianAsync(Call call, CancellationToken ct)
    {
        Guid? tender = call.Options.Find("--tender") is null ? null : call.Options.Id("--tender");
        using var session = tender is null ? null : await call.SignInAsync(ct);
        var publicKey = await MakeAsync(call, ct);
        // The file is there before the key is registered: a registered key without its file opens nothing.
        if (session is not null) await session.PostAsync($"api/tenders/{tender}/custodian-keys", new { publicKey }, ct);
        return new { publicKey, file = call.Options.Get("--out"), registered = session is not null };
    }

    public static async Task<object> RecoveryAsync(Call call, CancellationToken ct) => new { publicKey = await MakeAsync(call, ct), file = call.Options.Get("--out") };

    public static async Task<object> SigningAsync(Call call, CancellationToken ct)
    {
        var passphrase = call.Secrets.GetNew();
        using var key = SigningKey.Generate();
        await KeyFiles.WriteNewAsync(call.Options.Get("--out"), key.ExportProtected(passphrase), ct);
        await KeyFiles.WriteNewAsync(call.Options.Get("--request"), key.CertificateRequest(call.Options.Find("--name") ?? "bidder") + "\n", ct);
        return new { publicKey = key.PublicKey, file = call.Options.Get("--out"), request = call.Options.Get("--request") };
    }

    public static async Task<object> ShowAsync(Call call, CancellationToken ct) => new { publicKey = await KeyFiles.ReadPublicAsync(call.Options.Get("--key"), ct) };

    private static async Task<string> MakeAsync(Call call, CancellationToken ct)
    {
        var passphrase = call.Secrets.GetNew();
        using var key = CustodianKey.Generate();
        await KeyFiles.WriteNewAsync(call.Options.Get("--out"), key.ExportProtected(passphrase), ct);
        return key.PublicKey;
    }
}
