using System.Collections.Concurrent;
using System.Xml;
using System.Xml.Schema;
using Tendering.Escrow.Domain.Camt;

namespace Tendering.Escrow.Data;

/// <summary>
/// The published schemas, from the folder that <c>Escrow:SchemaFolder</c> names: files as ISO 20022 gives them out (camt.053.001.08.xsd).
/// Where one is missing the grammar stands alone. A file that is there and cannot be read as a schema is a fault.
/// </summary>
public sealed class CamtSchemas(string? folder)
{
    private readonly ConcurrentDictionary<string, XmlSchemaSet?> _schemas = new();

    public XmlSchemaSet? Find(CamtKind kind, int version) => folder is null ? null : _schemas.GetOrAdd(Path.Combine(folder, CamtGrammar.NameOf(kind, version) + ".xsd"), Load);

    private static XmlSchemaSet? Load(string path)
    {
        if (!File.Exists(path)) return null;
        var set = new XmlSchemaSet { XmlResolver = null };
        using var xml = XmlReader.Create(path, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
        set.Add(null, xml);
        set.Compile();
        return set;
    }
}
