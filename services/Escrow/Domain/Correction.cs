using System.Globalization;

namespace Tendering.Escrow.Domain;

/// <summary>
/// What finance moves by hand: from one sub-account to another, by a document. All other accounts follow a fact (a statement's entry, a
/// deposit, an order, a decision) and are corrected with it. One person asks, another approves; until then the money is only held.
/// </summary>
public static class Correction
{
    /// <summary>Seconds in which another person must have approved.</summary>
    public const int TimeOut = 7 * 86_400;

    public const int DocumentLengthMax = Transfer.ReferenceLengthMax - 33;

    public static Transfer Ask(Guid id, Guid debit, Guid credit, long amount, string document, Guid person) =>
        Transfer.Pending(id, debit, credit, amount, TransferCodes.Corrected, ReferenceOf(document, person), TimeOut);

    // The ids say that either happens once; the reference, by whom.
    public static Transfer Approve(BookedTransfer asked, Guid person) => Transfer.Post(DerivedId.Of($"approve:{asked.Id}"), asked.Id, null, TransferCodes.Corrected, ReferenceOf(DocumentOf(asked), person));

    public static Transfer Refuse(BookedTransfer asked, Guid person) => Transfer.Void(DerivedId.Of($"refuse:{asked.Id}"), asked.Id, TransferCodes.Corrected, ReferenceOf(DocumentOf(asked), person));

    /// <summary>Who asked for it.</summary>
    public static Guid PersonOf(BookedTransfer asked) => Guid.ParseExact(asked.Reference[^32..], "N");

    public static string DocumentOf(BookedTransfer asked) => asked.Reference[..^33];

    private static string ReferenceOf(string document, Guid person) => string.Create(CultureInfo.InvariantCulture, $"{document} {person:N}");
}
