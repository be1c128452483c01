using System.Text.Json;

namespace Tendering.Verify.Tender;

/// <summary>The lines of a dossier (docs/formats/dossier.md). Hashes in hexadecimal.</summary>
public sealed record DossierHeader(string Kind, string Format, Guid Tender, string Made, long Through, int Events, int Timestamps, DossierKeys Log, string Checkpoint);

public sealed record DossierKeys(string Key, int Needed, string Origin, string[] Witnesses);

public sealed record DossierEvent(string Kind, string Face, DossierHidden Hidden, string HiddenSalt, string? Payload, long Leaf, string[] Proof, DossierSecret? Secret);

public sealed record DossierHidden(string? Address, string Hash, long Index, Guid? Organisation, Guid? Person, long Sequence);

public sealed record DossierSecret(string[] Path, long Position, string Salt, string Until);

public sealed record DossierTimestamp(string Kind, string Checkpoint, string Token, string[] Consistency);

public sealed record DossierSignature(string Kind, string Note);

/// <summary>An event of a dossier whose place in the log holds: what it says, for the checks that look at several.</summary>
public sealed record ShownEvent(Guid Id, string Type, JsonElement Payload, long Index, Guid? Organisation);
