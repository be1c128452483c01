using System.Security.Cryptography;
using System.Text;

namespace Tendering.Escrow.Domain;

/// <summary>
/// An id that follows from what it stands for (UUID version 8): whoever does the same thing twice makes the same id twice, and the ledger
/// sees that it has been done.
/// </summary>
public static class DerivedId
{
    public static Guid Of(string text)
    {
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes(text))[..16];
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}
