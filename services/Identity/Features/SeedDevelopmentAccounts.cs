using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Tendering.Contracts;
using Tendering.Identity.Data;
using Tendering.Identity.Domain;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Identity.Features;

/// <summary>In development alone: one account for each part in a tender, all with the same password. Those that are there stay as they are.</summary>
public sealed partial class SeedDevelopmentAccounts(IServiceScopeFactory scopes, IConfiguration configuration, ILogger<SeedDevelopmentAccounts> log) : BackgroundService, IHealthCheck
{
    public const string DefaultPassword = "Tendering-dev-2026!";
    public const int Experts = 15;
    private const int LockClass = 727002, LockSeed = 3;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private volatile bool _done;

    /// <summary>An account to be; <see cref="Code17"/> is its organisation's social credit code without the check character.</summary>
    public sealed record Seed(string UserName, string DisplayName, string Code17, string Organisation, OrganisationKind Kind, string Role);

    public static IReadOnlyList<Seed> All { get; } =
    [
        new("operator", "Platform operator 平台运维", "91330100MA2DEF001", "Tendering Platform Operations", OrganisationKind.Operator, Roles.Operator),
        new("agency", "Agency project manager 代理机构项目负责人", "91330100MA2DEF002", "Hangzhou Sunrise Tendering Agency", OrganisationKind.Agency, Roles.Agency),
        new("tenderer", "Tenderer's representative 招标人代表", "12330100MA2DEF003", "West Lake District Construction Office", OrganisationKind.Tenderer, Roles.Agency),
        new("centre", "Trading centre duty officer 交易中心值班", "12330100MA2DEF004", "Hangzhou Public Resource Trading Centre", OrganisationKind.Centre, Roles.Centre),
        new("finance", "Trading centre finance 交易中心财务", "12330100MA2DEF004", "Hangzhou Public Resource Trading Centre", OrganisationKind.Centre, Roles.Finance),
        new("industry", "Industry authority reviewer 行业主管部门", "11330100MA2DEF005", "Hangzhou Construction Bureau", OrganisationKind.Authority, Roles.Supervisor),
        new("office", "Tendering office reviewer 招标办", "11330100MA2DEF006", "Hangzhou Tendering Office", OrganisationKind.Authority, Roles.Supervisor),
        new("supervisor", "Discipline inspector 纪检监察", "11330100MA2DEF007", "Hangzhou Discipline Inspection Commission", OrganisationKind.Authority, Roles.Supervisor),
        .. Enumerable.Range(1, Experts).Select(n =>
            new Seed($"expert{n:00}", $"Expert {n:00} 评标专家", $"91330100MA2DEX0{n:00}", $"Expert Employer {n:00}", OrganisationKind.Expert, Roles.Expert)),
    ];

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_done ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("being made"));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!_done && !stoppingToken.IsCancellationRequested)
        {
            try
            {
                await SeedAsync(stoppingToken);
                _done = true;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(log, e.GetType().Name);
                await Task.Delay(Pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task SeedAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        var enrolment = scope.ServiceProvider.GetRequiredService<Enrolment>();
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock({LockClass}, {LockSeed})", ct);
        var known = await db.People.AsNoTracking().Select(p => p.UserName!).ToHashSetAsync(ct);
        foreach (var seed in All.Where(s => !known.Contains(s.UserName)))
        {
            var code = SocialCreditCode.Complete(seed.Code17);
            var organisation = await db.Organisations.SingleOrDefaultAsync(o => o.SocialCreditCode == code, ct) ?? enrolment.Enter(code, seed.Organisation, seed.Kind, "seed");
            await enrolment.AddAsync(organisation, seed.UserName, configuration["Development:Password"] ?? DefaultPassword, seed.DisplayName, [seed.Role], development: true);
        }
        await transaction.CommitAsync(ct);
    }

    [LoggerMessage(LogLevel.Warning, "The development accounts could not be made ({Kind}): tried again.")]
    private static partial void LogFailed(ILogger log, string kind);
}
