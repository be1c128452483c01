using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Tendering.Escrow.Domain;

namespace Tendering.Escrow.Tests.Domain;

/// <summary>
/// What pain.001.001.09 asks of a file, in our own words: children by name, order and number, and the form of each text. It goes as deep as we write; what else a bank's dialect may ask is between
/// the operator and its bank. A child: once, or <c>?</c> at most once, <c>+</c> at least once, <c>*</c> any number; without a type we never write it.
/// </summary>
public static partial class PainGrammar
{
    private static readonly Dictionary<string, string> Types = new()
    {
        ["Document"] = "CstmrCdtTrfInitn:Initiation",
        ["Initiation"] = "GrpHdr:Header PmtInf:Instruction+ SplmtryData*",
        ["Header"] = "MsgId:Text35 CreDtTm:DateTime Authstn* NbOfTxs:Count CtrlSum:Decimal? InitgPty:Party FwdgAgt? InitnSrc?",
        ["Instruction"] = "PmtInfId:Text35 PmtMtd:Method BtchBookg:Boolean? NbOfTxs:Count? CtrlSum:Decimal? PmtTpInf? ReqdExctnDt:DateOrTime PoolgAdjstmntDt? Dbtr:Party DbtrAcct:Account DbtrAgt:Agent "
            + "DbtrAgtAcct? InstrForDbtrAgt? UltmtDbtr? ChrgBr? ChrgsAcct? ChrgsAcctAgt? CdtTrfTxInf:Transfer+",
        ["Transfer"] = "PmtId:PaymentId PmtTpInf? Amt:Amount XchgRateInf? ChrgBr? MndtRltdInf? ChqInstr? UltmtDbtr? IntrmyAgt1? IntrmyAgt1Acct? IntrmyAgt2? IntrmyAgt2Acct? IntrmyAgt3? IntrmyAgt3Acct? "
            + "CdtrAgt? CdtrAgtAcct? Cdtr:Party? CdtrAcct:Account? UltmtCdtr? InstrForCdtrAgt* InstrForDbtrAgt? Purp? RgltryRptg* Tax? RltdRmtInf* RmtInf:Remittance? SplmtryData*",
        ["PaymentId"] = "InstrId:Text35? EndToEndId:Text35 UETR?",
        ["Amount"] = "|InstdAmt:Money EqvtAmt",
        ["DateOrTime"] = "|Dt:Date DtTm",
        ["Party"] = "Nm:Text140? PstlAdr? Id? CtryOfRes? CtctDtls?",
        ["Account"] = "Id:AccountId Tp? Ccy:Currency? Nm? Prxy?",
        ["AccountId"] = "|IBAN Othr:OtherId",
        ["OtherId"] = "Id:Text34 SchmeNm? Issr?",
        ["Agent"] = "FinInstnId:Institution BrnchId?",
        ["Institution"] = "BICFI? ClrSysMmbId? LEI? Nm:Text140? PstlAdr? Othr?",
        ["Remittance"] = "Ustrd:Text140* Strd*",
    };

    /// <summary>The first thing that is not as the format asks; null where all is.</summary>
    public static string? Fault(XDocument file) =>
        file.Root!.Name != XName.Get("Document", PainFile.Namespace) ? $"The root is {file.Root.Name}." : Fault(file.Root, "Document");

    private static string? Fault(XElement element, string type)
    {
        if (!Types.TryGetValue(type, out var line)) return element.HasElements || !IsGood(element, type) ? $"{element.Name.LocalName} '{element.Value}' is no {type}." : null;
        if (element.HasAttributes && type != "Document") return $"{element.Name.LocalName} has attributes.";
        var (isChoice, left) = (line[0] == '|', new Queue<XElement>(element.Elements()));
        if (element.Nodes().OfType<XText>().Any(t => !string.IsNullOrWhiteSpace(t.Value))) return $"{element.Name.LocalName} has text beside its children.";
        if (isChoice && left.Count != 1) return $"{element.Name.LocalName} has {left.Count} children where one is to be chosen.";
        foreach (var part in line.TrimStart('|').Split(' ').Select(p => Part().Match(p)))
        {
            var (name, child, number, count) = (part.Groups["name"].Value, part.Groups["type"].Value, part.Groups["number"].Value, 0);
            for (; left.TryPeek(out var next) && next.Name == XName.Get(name, PainFile.Namespace); count++)
            {
                if (child.Length == 0) return $"{name} is not described here.";
                if (Fault(left.Dequeue(), child) is { } fault) return fault;
            }
            if (!isChoice && count == 0 && number is "" or "+") return $"{name} is missing in {element.Name.LocalName}, or not where it belongs.";
            if (count > 1 && number is "" or "?") return $"{name} stands {count} times in {element.Name.LocalName}.";
        }
        return left.TryPeek(out var surplus) ? $"{surplus.Name.LocalName} does not belong where it stands in {element.Name.LocalName}." : null;
    }

    private static bool IsGood(XElement element, string type)
    {
        var text = element.Value;
        if (type != "Money" && element.HasAttributes) return false;
        return type switch
        {
            "Text34" => IsText(text, 34),
            "Text35" => IsText(text, 35),
            "Text140" => IsText(text, 140),
            "Count" => Counted().IsMatch(text),
            "Method" => text is "CHK" or "TRF" or "TRA",
            "Boolean" => text is "true" or "false" or "1" or "0",
            "Currency" => Letters().IsMatch(text),
            "Date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
            "DateTime" => Moment().IsMatch(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _),
            "Decimal" => IsNumber(text, 17),
            "Money" => IsNumber(text, 5) && text[0] != '-' && element.Attributes().Where(a => !a.IsNamespaceDeclaration).Select(a => a.Name.LocalName).SequenceEqual(["Ccy"]) && Letters().IsMatch(element.Attribute("Ccy")!.Value),
            _ => throw new InvalidOperationException($"The type {type} is not described."),
        };
    }

    // Lengths count characters, not the halves of one.
    private static bool IsText(string text, int max) => text.EnumerateRunes().Count() is var length && length >= 1 && length <= max;

    private static bool IsNumber(string text, int decimals) =>
        Number().Match(text) is { Success: true } number && number.Groups["fraction"].Length <= decimals && text.Count(char.IsAsciiDigit) <= 18;

    [GeneratedRegex("^(?<name>[A-Za-z0-9]+)(:(?<type>[A-Za-z0-9]+))?(?<number>[?*+]?)$")]
    private static partial Regex Part();

    [GeneratedRegex("^[0-9]{1,15}$")]
    private static partial Regex Counted();

    [GeneratedRegex("^[A-Z]{3}$")]
    private static partial Regex Letters();

    [GeneratedRegex(@"^-?[0-9]+(\.(?<fraction>[0-9]+))?$")]
    private static partial Regex Number();

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?$")]
    private static partial Regex Moment();
}
