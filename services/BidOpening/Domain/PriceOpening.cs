using System.Text;
using Tendering.Protocols;

namespace Tendering.BidOpening.Domain;

/// <summary>From key and ciphertext to what is announced. What the platform lost or changed is asked first: the bidder never answers for that.</summary>
public static class PriceOpening
{
    public static async Task<Outcome> OpenAsync(BidManifest manifest, string currency, byte[] key, byte[]? ciphertext)
    {
        var part = manifest.Price;
        if (ciphertext is null) return new PriceNotOpened(OpeningFact.CiphertextMissing);
        if (ciphertext.Length != part.Length || BlockDigest.Of(ciphertext) != part.Digest) return new PriceNotOpened(OpeningFact.CiphertextDiffers);
        if (!BidOpener.CommitmentHolds(manifest, part.Name, key)) return new PriceNotOpened(OpeningFact.CommitmentFails);
        try
        {
            var text = await BidOpener.OpenAsync(manifest, part.Name, key, ciphertext);
            var schedule = OpeningSchedule.Parse(text, manifest);
            return schedule.Currency == currency ? new PriceOpened(schedule.Price, Encoding.UTF8.GetString(text), key) : new PriceNotOpened(OpeningFact.CurrencyDiffers, key);
        }
        catch (StreamCipherException) { return new PriceNotOpened(OpeningFact.CiphertextBroken, key); }
        catch (ScheduleException) { return new PriceNotOpened(OpeningFact.PriceUnreadable, key); }
    }

    /// <summary>The key, from as many good shares as the threshold asks for; null while there are fewer.</summary>
    public static byte[]? Rebuild(IReadOnlyCollection<byte[]> goodShares, int threshold) =>
        goodShares.Count < threshold ? null : BidOpener.RebuildKey(goodShares.OrderBy(s => s[0]).Take(threshold));
}
