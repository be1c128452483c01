using System.Text.Json;

namespace Tendering.Bid.Commands;

/// <summary>Enters the market: registers an organisation with a certificate request made here, and keeps the certificate that the platform's authority issues.</summary>
internal static class Enrol
{
    private sealed record Account(string Number, string Name);
    private sealed record Details(string SocialCreditCode, string Name, Account BasicAccount, string UserName, string DisplayName);
    private sealed record Answer(Guid OrganisationId, Guid PersonId, string Certificate, string Issuer);

    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web) { RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true };

    public static async Task<object> RunAsync(Call call, CancellationToken ct)
    {
        var details = await ReadAsync(call.Options.Get("--details"), ct);
        var request = await KeyFiles.ReadTextAsync(call.Options.Get("--request"), ct);
        var password = call.Secrets.Get(Secrets.Password);
        using var session = call.Public();
        var answer = await session.PostAsync<Answer>("api/identity/organisations", new
        {
            details.SocialCreditCode, details.Name, kind = "bidder", details.BasicAccount, certificateRequest = request,
            person = new { details.UserName, password, details.DisplayName },
        }, ct);
        await KeyFiles.WriteNewAsync(call.Options.Get("--out"), answer.Certificate, ct);
        return new { answer.OrganisationId, answer.PersonId, certificate = call.Options.Get("--out") };
    }

    private static async Task<Details> ReadAsync(string file, CancellationToken ct)
    {
        try { return JsonSerializer.Deserialize<Details>(await KeyFiles.ReadTextAsync(file, ct), Strict) ?? throw new JsonException("null"); }
        catch (JsonException e)
        {
            throw new UnfitException("details", $"{file} is not {{\"socialCreditCode\", \"name\", \"basicAccount\": {{\"number\", \"name\"}}, \"userName\", \"displayName\"}}: {e.Message}");
        }
    }
}
