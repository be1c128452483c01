using System.Text.Json;
using System.Text.Json.Serialization;
using Tendering.Protocols;

namespace Tendering.Bid;

/// <summary>What a bidder writes of its opening schedule; the bid it belongs to is filled in. Price in minor units, fen for CNY.</summary>
internal sealed record PriceFile(long Price, string Currency, int? DeliveryDays = null, string? ProjectManager = null, string? Remarks = null)
{
    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web)
    {
        NumberHandling = JsonNumberHandling.Strict, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, AllowDuplicateProperties = false, RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>From a file, or from standard input where the name is "-".</summary>
    public static async Task<PriceFile> ReadAsync(string file, Call call, CancellationToken ct)
    {
        if (file == "-" && call.Options.Has("--secrets-stdin")) throw new UsageException("Standard input cannot bring the price and the secrets.");
        try { return JsonSerializer.Deserialize<PriceFile>(file == "-" ? await call.Around.In.ReadToEndAsync(ct) : await KeyFiles.ReadTextAsync(file, ct), Strict) ?? throw new JsonException("null"); }
        catch (JsonException)
        {
            // Without the parser's words: they quote what stands there.
            throw new UnfitException("schedule.malformed", "The price is not {\"price\", \"currency\", \"deliveryDays\", \"projectManager\", \"remarks\"}, where price is a whole number of minor units.");
        }
    }

    public OpeningSchedule ScheduleOf(SealingRequest of) =>
        new(OpeningSchedule.VersionOne, of.Tender, of.Lot, of.Bidder, of.Revision, Price, Currency, DeliveryDays, ProjectManager, Remarks);
}
