using System.Security.Cryptography;
using Tendering.BidOpening.Domain;
using Tendering.BidOpening.Features;
using Tendering.Protocols;
using Tendering.ServiceDefaults;
using Tendering.Testing;

namespace Tendering.BidOpening.Tests.Features;

public class ArchiveOpeningTests
{
    // Whichever of its readings fails once: the bidder is never blamed for what the storage did not give.
    [Fact]
    public async Task A_storage_that_gives_too_little_once_is_never_the_bidders_fault()
    {
        var (manifest, key, cipher) = await SealAsync();
        var whole = new ForgetfulStore(cipher, shortAt: 0);
        Assert.Null(await ArchiveOpening.OpenAsync(manifest, key, "a", whole, default));
        Assert.InRange(whole.Readings, 3, 100);
        var unanswered = 0;
        for (var reading = 1; reading <= whole.Readings; reading++)
            foreach (var share in new[] { 0, 0.01, 0.5, 0.999 })
            {
                try
                {
                    // A digest that does not fit is the platform's fault; so is a storage that gives nothing.
                    if (await ArchiveOpening.OpenAsync(manifest, key, "a", new ForgetfulStore(cipher, reading, share), default) is { } fact) Assert.Equal(Cause.Platform, new PriceNotOpened(fact).Cause);
                }
                catch (IOException) { unanswered++; }
            }
        Assert.True(unanswered > 0);
    }

    [Fact]
    public async Task What_does_not_decrypt_is_the_bidders_fault_only_where_its_bytes_are_those_that_were_signed()
    {
        var (manifest, key, cipher) = await SealAsync();
        var broken = (byte[])cipher.Clone();
        broken[100_000] ^= 1;
        var signed = manifest with { Parts = [manifest.Price, manifest.Files with { Digest = BlockDigest.Of(broken) }] };
        Assert.Equal(OpeningFact.CiphertextBroken, await ArchiveOpening.OpenAsync(signed, key, "a", new ForgetfulStore(broken, 0), default));
        Assert.Equal(OpeningFact.CiphertextDiffers, await ArchiveOpening.OpenAsync(manifest, key, "a", new ForgetfulStore(broken, 0), default));
        // Changed between the two passes.
        Assert.Equal(OpeningFact.CiphertextDiffers, await ArchiveOpening.OpenAsync(manifest, key, "a", new ForgetfulStore(cipher, 0) { Later = broken }, default));
    }

    private static async Task<(BidManifest Manifest, byte[] Key, byte[] Cipher)> SealAsync()
    {
        CustodianKey[] custodians = [CustodianKey.Generate(), CustodianKey.Generate()];
        using var recovery = CustodianKey.Generate();
        var archive = TestArchive.Of(("drawings/a.bin", RandomNumberGenerator.GetBytes(300_000)), ("b.txt", new byte[5_000]), ("c.bin", RandomNumberGenerator.GetBytes(1_500_000)));
        using var cipher = new MemoryStream();
        var manifest = await BidSealer.SealAsync(
            new SealingRequest(Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), 1, [.. custodians.Select(c => c.PublicKey)], 2, recovery.PublicKey), new MemoryStream([1]), Stream.Null, new MemoryStream(archive), cipher);
        return (manifest, BidOpener.OpenRecoveryCopy(manifest, SealedPart.Files, recovery), cipher.ToArray());
    }

    /// <summary>Gives at one reading only a share of what it has, or other bytes from the second on.</summary>
    private sealed class ForgetfulStore(byte[] content, int shortAt, double share = 0) : IBlobStore
    {
        public int Readings { get; private set; }
        public byte[]? Later { get; init; }

        public Task<Stream?> OpenReadAsync(string key, long offset, CancellationToken ct)
        {
            Readings++;
            var there = Readings > 1 && Later is not null ? Later : content;
            var rest = there.Length - (int)offset;
            return Task.FromResult<Stream?>(new MemoryStream(there, (int)offset, Readings == shortAt ? (int)(rest * share) : rest, writable: false));
        }

        public Task<long?> LengthAsync(string key, CancellationToken ct) => Task.FromResult<long?>(content.Length);
        public Task WriteAsync(string key, long offset, ReadOnlyMemory<byte> content, CancellationToken ct) => throw new NotSupportedException();
        public Task FlushAsync(string key, CancellationToken ct) => throw new NotSupportedException();
        public Task DeleteAsync(string key, CancellationToken ct) => throw new NotSupportedException();
    }
}
