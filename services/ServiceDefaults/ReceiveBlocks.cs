using System.Buffers;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;

namespace Tendering.ServiceDefaults;

/// <summary>
/// The blocks into which a server receives: 16 KiB, where the framework's own have 4. A call of some kilobytes then lies in one block, and a large body takes a quarter of the system calls.
/// They come from the framework's shared pool, which gives back what is not used.
/// </summary>
public sealed class ReceiveBlocks : IMemoryPoolFactory<byte>
{
    private const int Length = 16 * 1024;

    public static void Use(IServiceCollection services) => services.AddSingleton<IMemoryPoolFactory<byte>, ReceiveBlocks>();

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new Pool();

    private sealed class Pool : MemoryPool<byte>
    {
        public override int MaxBufferSize => Shared.MaxBufferSize;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => Shared.Rent(Math.Max(minBufferSize, Length));

        protected override void Dispose(bool disposing) { }
    }
}
