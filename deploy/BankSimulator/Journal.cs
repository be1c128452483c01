using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tendering.BankSimulator;

/// <summary>What happened at the bank. The journal is all of its state.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(AccountOpened), "account-opened")]
[JsonDerivedType(typeof(PaymentBooked), "payment-booked")]
[JsonDerivedType(typeof(NoticeAnswered), "notice-answered")]
[JsonDerivedType(typeof(FileTaken), "file-taken")]
[JsonDerivedType(typeof(OrderPaid), "order-paid")]
[JsonDerivedType(typeof(OrderLost), "order-lost")]
[JsonDerivedType(typeof(EntryReversed), "entry-reversed")]
[JsonDerivedType(typeof(InterestCredited), "interest-credited")]
[JsonDerivedType(typeof(StatementMade), "statement-made")]
[JsonDerivedType(typeof(StatementAnswered), "statement-answered")]
[JsonDerivedType(typeof(MisbehaviourAsked), "misbehaviour-asked")]
public abstract record Entry;

/// <summary>What a bank does wrong: tells only by the statement, tells or pays twice, takes back, mistakes the payer's name, loses.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Fault>))]
public enum Fault { None, Late, Twice, Reversed, WrongName, Lost }

public sealed record AccountOpened(string Number, string Name, string Currency, long Balance) : Entry;
public sealed record PaymentBooked(string Reference, string From, string FromName, string ToAccountNumber, long Amount, string Currency, DateTimeOffset BookedAt, Fault Fault = Fault.None) : Entry;
public sealed record NoticeAnswered(string Reference, int Status, string? Outcome, string? Code) : Entry;

/// <summary>A file of payment orders was read; each of its orders is in the journal before it.</summary>
public sealed record FileTaken(Guid FileId) : Entry;

public sealed record OrderPaid(string EndToEndId, string BankReference, string ToAccount, string ToName, long Amount, string Currency, string Purpose, DateTimeOffset BookedAt, Fault Fault = Fault.None) : Entry;
public sealed record OrderLost(string EndToEndId) : Entry;
public sealed record EntryReversed(string Reference, string Of, DateTimeOffset BookedAt) : Entry;

/// <summary>What the money on the escrow account has earned (结息).</summary>
public sealed record InterestCredited(string Reference, long Amount, string Currency, DateTimeOffset BookedAt) : Entry;

/// <summary>A statement of one day in one currency, with the entries it shows.</summary>
public sealed record StatementMade(string Number, string Currency, DateOnly Day, long Opening, long Closing, DateTimeOffset MadeAt, string[] References) : Entry;

public sealed record StatementAnswered(string Number, int Status, string? Code) : Entry;
public sealed record MisbehaviourAsked(Fault Fault, bool OfOrders, int Count) : Entry;

/// <summary>Lines of JSON, each on disk before it counts. A line that a crash cut off never counted and is removed at the next start.</summary>
public sealed class Journal : IDisposable
{
    private readonly FileStream _file;

    public Journal(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
    }

    public IEnumerable<Entry> ReadAll()
    {
        var content = new byte[_file.Length];
        _file.Position = 0;
        _file.ReadExactly(content);
        var end = Array.LastIndexOf(content, (byte)'\n') + 1;
        _file.SetLength(end);
        _file.Position = end;
        foreach (var line in Encoding.UTF8.GetString(content, 0, end).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            yield return JsonSerializer.Deserialize<Entry>(line, JsonSerializerOptions.Web)!;
    }

    public void Write(Entry entry)
    {
        var start = _file.Position;
        try
        {
            _file.Write([.. JsonSerializer.SerializeToUtf8Bytes(entry, JsonSerializerOptions.Web), (byte)'\n']);
            _file.Flush(flushToDisk: true);
        }
        catch (IOException)
        {
            // A full disk must not leave half a line for the next one to be glued to.
            _file.SetLength(start);
            _file.Position = start;
            throw;
        }
    }

    public void Dispose() => _file.Dispose();
}
