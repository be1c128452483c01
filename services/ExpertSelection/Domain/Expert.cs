namespace Tendering.ExpertSelection.Domain;

/// <summary>A member of the library of evaluation experts (评标专家库); <see cref="PersonId"/> is the person with whom it signs in.</summary>
public sealed class Expert
{
    public Guid Id { get; private init; } = Guid.CreateVersion7();
    public required Guid PersonId { get; init; }
    public required string Name { get; init; }
    public required string Specialty { get; init; }
    public required string Employer { get; init; }
    public required string EmployerCode { get; init; }
    public required string District { get; init; }
    public required int YearsInField { get; init; }
    public required bool SeniorTitle { get; init; }
    public required Guid EnteredBy { get; init; }
    public required DateTimeOffset EnteredAt { get; init; }
    public bool Active { get; private set; } = true;
    public string? StatusReason { get; private set; }

    /// <summary>Only active experts are drawn; a draw whose pool is frozen already is not touched.</summary>
    public void Set(bool active, string reason) => (Active, StatusReason) = (active, reason);
}
