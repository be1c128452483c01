using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Domain.Camt;

/// <summary>An element that the grammar allows, with what we read of it. Reading one refuses whatever is missing, misplaced, repeated or not of its type.</summary>
internal sealed partial class CamtNode
{
    private static readonly string[] MomentForms = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mm:ssK"];

    public required string Name { get; init; }
    public required string Path { get; init; }
    public string Text { get; private set; } = "";
    public string? Currency { get; private set; }
    public List<CamtNode> Children { get; } = [];

    public CamtNode? Find(params ReadOnlySpan<string> path)
    {
        var node = this;
        foreach (var name in path)
        {
            node = node.Children.Find(c => c.Name == name);
            if (node is null) return null;
        }
        return node;
    }

    public CamtNode Get(params ReadOnlySpan<string> path) => Find(path) ?? throw new MalformedException(Path, $"{string.Join('/', path)} is missing.");

    public IEnumerable<CamtNode> All(string name) => Children.Where(c => c.Name == name);

    /// <summary>Reads the element at which the reader stands and moves behind it. <paramref name="take"/> may keep a finished child out of memory by answering true.</summary>
    public static CamtNode Read(XmlReader xml, string? type, int version, string path, Func<CamtNode, CamtNode, bool>? take = null)
    {
        var node = new CamtNode { Name = xml.LocalName, Path = path };
        if (type is null) xml.Skip();
        else if (CamtGrammar.ModelOf(type, version) is { } model) node.ReadChildren(xml, model, version, take);
        else node.ReadText(xml, type);
        return node;
    }

    private void ReadChildren(XmlReader xml, CamtModel model, int version, Func<CamtNode, CamtNode, bool>? take)
    {
        var (at, count, repeated) = (0, 0, 0);
        var isEmpty = xml.IsEmptyElement;
        var ns = xml.NamespaceURI;
        xml.ReadStartElement();
        while (!isEmpty && xml.MoveToContent() == XmlNodeType.Element)
        {
            if (xml.NamespaceURI != ns) throw Fault($"{xml.LocalName} is of another namespace.");
            var found = model.IsChoice && count > 0 ? -1 : IndexOf(model, xml.LocalName, at, repeated);
            if (found < 0) throw Fault($"{xml.LocalName} may not stand here{Line(xml)}.");
            repeated = found == at ? repeated + 1 : 1;
            (at, count) = (found, count + 1);
            var item = model.Items[found];
            var child = Read(xml, item.Type, version, item.MayRepeat ? $"{Path}/{item.Name}[{repeated}]" : $"{Path}/{item.Name}", take);
            if (item.Type is not null && take?.Invoke(this, child) != true) Children.Add(child);
        }
        if (model.IsChoice ? count == 0 : Missing(model, at, repeated) is not null)
            throw Fault(model.IsChoice ? $"one of {string.Join(", ", model.Items.Select(i => i.Name))} is missing" : $"{Missing(model, at, repeated)} is missing.");
        if (isEmpty) return;
        if (xml.NodeType != XmlNodeType.EndElement) throw Fault($"text may not stand here{Line(xml)}.");
        xml.ReadEndElement();
    }

    // Elements come in order: none that must be there is passed over, and only what may repeat does.
    private static int IndexOf(CamtModel model, string name, int at, int repeated)
    {
        if (model.IsChoice) return model.Items.ToList().FindIndex(i => i.Name == name);
        for (var i = at; i < model.Items.Count; i++)
        {
            var isHere = i == at ? repeated : 0;
            if (model.Items[i].Name == name) return isHere == 0 || model.Items[i].MayRepeat ? i : -1;
            if (isHere == 0 && !model.Items[i].MayMiss) return -1;
        }
        return -1;
    }

    private static string? Missing(CamtModel model, int at, int repeated) =>
        model.Items.Skip(repeated == 0 ? at : at + 1).FirstOrDefault(i => !i.MayMiss)?.Name;

    private void ReadText(XmlReader xml, string type)
    {
        if (type == "Amount") Currency = xml.GetAttribute("Ccy") is { } currency && CurrencyForm().IsMatch(currency) ? currency : throw Fault("Ccy must be a currency of three letters.");
        Text = xml.ReadElementContentAsString();
        var isGood = type switch
        {
            "Amount" or "Decimal" => AmountForm().IsMatch(Text.Trim()) && IsShort(Text.Trim()),
            "Direction" => Text is "CRDT" or "DBIT",
            "Flag" => Text.Trim() is "true" or "false" or "1" or "0",
            "Status" => Text is "BOOK" or "PDNG" or "INFO",
            "Currency" => CurrencyForm().IsMatch(Text),
            "Iban" => IbanForm().IsMatch(Text),
            "Code" => Text.Length is > 0 and <= 4,
            "Day" => IsLate(Text.Trim()) && DayForm().IsMatch(Text.Trim()) && DateOnly.TryParseExact(Text.Trim()[..10], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
            "Moment" => IsLate(Text.Trim()) && DateTime.TryParseExact(Text.Trim(), MomentForms, CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
            "Digits5" => Text.Length is > 0 and <= 5 && Text.All(char.IsAsciiDigit),
            "Digits15" => Text.Length is > 0 and <= 15 && Text.All(char.IsAsciiDigit),
            _ => Text.Length > 0 && Text.Length <= int.Parse(type.AsSpan("Text".Length), CultureInfo.InvariantCulture),
        };
        if (!isGood) throw Fault($"this is no {Describe(type)}.");
    }

    // The calendar's first day has no begin in the bank's zone, and no bank has a file of that century.
    private static bool IsLate(string date) => string.CompareOrdinal(date, "1900") >= 0;

    // At most 18 digits, 5 of them behind the point.
    private static bool IsShort(string amount)
    {
        var (whole, fraction) = amount.Split('.') is [var w, var f] ? (w.TrimStart('+', '0'), f.TrimEnd('0')) : (amount.TrimStart('+', '0'), "");
        return whole.Length + fraction.Length <= 18 && fraction.Length <= 5;
    }

    private static string Describe(string type) => type switch
    {
        "Amount" => "amount (0 or more, at most 18 digits and 5 decimals)",
        "Decimal" => "number (0 or more, at most 18 digits and 5 decimals)",
        "Direction" => "CRDT or DBIT",
        "Flag" => "true or false",
        "Status" => "BOOK, PDNG or INFO",
        "Day" => "date",
        "Moment" => "date and time",
        _ => $"value of {type}",
    };

    public decimal Number => decimal.Parse(Text.Trim(), NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
    public bool IsTrue => Text.Trim() is "true" or "1";
    public CamtAmount Amount => new(Number, Currency!);

    /// <summary>A time without an offset is the bank's own.</summary>
    public DateTimeOffset MomentIn(TimeZoneInfo zone)
    {
        var time = DateTime.ParseExact(Text.Trim(), MomentForms, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);
        return time.Kind == DateTimeKind.Unspecified ? new DateTimeOffset(time, zone.GetUtcOffset(time))
            : DateTimeOffset.ParseExact(Text.Trim(), MomentForms, CultureInfo.InvariantCulture, DateTimeStyles.None);
    }

    public CamtDate DateIn(TimeZoneInfo zone)
    {
        if (Find("Dt") is { } day) return new CamtDate(DateOnly.ParseExact(day.Text.Trim()[..10], "yyyy-MM-dd", CultureInfo.InvariantCulture), null);
        var moment = Get("DtTm").MomentIn(zone);
        return new CamtDate(DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(moment, zone).DateTime), BankTime.Of(moment));
    }

    private MalformedException Fault(string message) => new(Path, message);

    private static string Line(XmlReader xml) => xml is IXmlLineInfo line && line.HasLineInfo() ? string.Create(CultureInfo.InvariantCulture, $" (line {line.LineNumber})") : "";

    [GeneratedRegex(@"\A\+?[0-9]*(\.[0-9]*)?(?<=[0-9].*)\z")]
    private static partial Regex AmountForm();

    [GeneratedRegex(@"\A[A-Z]{3}\z")]
    private static partial Regex CurrencyForm();

    [GeneratedRegex(@"\A[A-Z]{2}[0-9]{2}[a-zA-Z0-9]{1,30}\z")]
    private static partial Regex IbanForm();

    [GeneratedRegex(@"\A[0-9]{4}-[0-9]{2}-[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})?\z")]
    private static partial Regex DayForm();
}
