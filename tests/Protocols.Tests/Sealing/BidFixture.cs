namespace Tendering.Protocols.Tests;

/// <summary>One small sealed bid with everybody's keys: three custodians, two of whom open.</summary>
internal sealed class BidFixture
{
    public static readonly Guid Tender = new("0198a000-0000-7000-8000-000000000001");
    public static readonly Guid Lot = new("0198a000-0000-7000-8000-000000000002");
    public static readonly Guid Bidder = new("0198a000-0000-7000-8000-000000000003");

    public CustodianKey[] Custodians { get; } = [CustodianKey.Generate(), CustodianKey.Generate(), CustodianKey.Generate()];

    public CustodianKey Recovery { get; } = CustodianKey.Generate();

    public OpeningSchedule Schedule { get; } = new("1", Tender, Lot, Bidder, 1, 1_234_567_89, "CNY", 180, "王工", null);

    public SealingRequest Request => new(Tender, Lot, Bidder, 1, [.. Custodians.Select(key => key.PublicKey)], 2, Recovery.PublicKey);

    public Task<SealedBid> SealAsync(byte[]? files = null) => BidSealer.SealAsync(Request, Schedule.Canonical(), files ?? [1, 2, 3]);

    public byte[] CekOf(BidManifest manifest, string part, params int[] custodians)
        => BidOpener.RebuildKey(custodians.Select(index => BidOpener.OpenShare(manifest, part, index, Custodians[index - 1])));
}
