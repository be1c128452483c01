namespace Tendering.Contracts;

/// <summary>The roles a signed token can carry. Who may do what with them is the matrix in docs/operations/access.md.</summary>
public static class Roles
{
    public const string Bidder = "bidder";
    public const string Agency = "agency";
    public const string Expert = "expert";
    public const string Supervisor = "supervisor";
    public const string Centre = "centre";
    public const string Finance = "finance";
    public const string Operator = "operator";

    /// <summary>The bank's machine, signed in by client credentials.</summary>
    public const string Bank = "bank";

    public static IReadOnlyList<string> All { get; } = [Bidder, Agency, Expert, Supervisor, Centre, Finance, Operator, Bank];
}
