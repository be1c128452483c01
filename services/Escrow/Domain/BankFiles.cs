using Tendering.Escrow.Domain.Camt;

namespace Tendering.Escrow.Domain;

/// <summary>A file of the bank as it was imported, with what became of each of its entries.</summary>
public sealed class BankFile
{
    public Guid Id { get; private init; } = Guid.CreateVersion7();
    public long Position { get; private init; }
    public required byte[] Hash { get; init; }
    public required CamtKind Kind { get; init; }
    public required int Version { get; init; }
    public required string MessageId { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The person who brought it, or the bank, or the folder.</summary>
    public required string Source { get; init; }

    public required DateTimeOffset ReceivedAt { get; init; }
    public required string Report { get; set; }
}

/// <summary>A day of the account as the bank states it. Balances in minor units, below 0 where overdrawn.</summary>
public sealed class BankStatement
{
    public Guid Id { get; private init; } = Guid.CreateVersion7();
    public long Position { get; private init; }
    public required Guid FileId { get; init; }
    public required string Number { get; init; }
    public required string Currency { get; init; }
    public required DateOnly Day { get; init; }
    public required long Opening { get; init; }
    public required long Closing { get; init; }
    public required DateTimeOffset RecordedAt { get; init; }
}

/// <summary>A batch of payment orders as one pain.001 file, made once and handed out as it is.</summary>
public sealed class PaymentFile
{
    public required Guid Id { get; init; }
    public long Sequence { get; private init; }
    public required string MessageId { get; init; }
    public required string Currency { get; init; }
    public required int Count { get; init; }
    public required long Total { get; init; }
    public required byte[] Content { get; init; }
    public required DateTimeOffset MadeAt { get; init; }
}

/// <summary>A day that finance has signed: it takes no more entries. <see cref="EndsAt"/> is the first moment after it.</summary>
public sealed class DayClose
{
    public Guid Id { get; private init; } = Guid.CreateVersion7();
    public required string Currency { get; init; }
    public required DateOnly Day { get; init; }
    public required DateTimeOffset EndsAt { get; init; }
    public required long Closing { get; init; }
    public required string Report { get; init; }
    public required string ReportHash { get; init; }
    public required DateTimeOffset ClosedAt { get; init; }
    public required Guid ClosedBy { get; init; }
}
