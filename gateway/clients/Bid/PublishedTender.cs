using System.Text.Json;

namespace Tendering.Bid;

/// <summary>As much of a published tender as sealing needs.</summary>
internal sealed record PublishedTender(Guid TenderId, string Number, string Title, string Currency, int Threshold, PublishedCustodian[] Custodians, PublishedLot[] Lots)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true };

    public static PublishedTender Parse(string json)
    {
        try { return JsonSerializer.Deserialize<PublishedTender>(json, Json) ?? throw new JsonException("null"); }
        catch (JsonException e) { throw new UnfitException("notice", $"This is not a tender as 'bid notice' saves it: {e.Message}"); }
    }
}

internal sealed record PublishedCustodian(int Index, Guid OrganisationId, string OrganisationName, string? PublicKey);

internal sealed record PublishedLot(Guid LotId, int Number, string Title, DateTimeOffset BidDeadline);
