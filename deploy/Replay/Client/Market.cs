using System.Security.Cryptography;
using System.Text;
using Tendering.Protocols;

namespace Tendering.Replay.Client;

/// <summary>Everyone who takes part but the bidders, each signed in as itself, and the bank.</summary>
public sealed class Market : IDisposable
{
    public const string Specialty = "works";
    private const int ExpertsMax = 15;

    public required Uri Gateway { get; init; }
    public required Bank Bank { get; init; }
    public required Session Public { get; init; }
    public required Session Agency { get; init; }
    public required Session Tenderer { get; init; }
    public required Session Centre { get; init; }
    public required Session Finance { get; init; }
    public required Session Industry { get; init; }
    public required Session Office { get; init; }
    public required Session Supervisor { get; init; }
    public required Session Operator { get; init; }
    public required IReadOnlyList<Expert> Experts { get; init; }
    public required IReadOnlyList<Custodian> Custodians { get; init; }

    /// <summary>The party whose organisation buys.</summary>
    public required Me TendererSelf { get; init; }

    public static async Task<Market> EnterAsync(Uri gateway, Uri bank, string password, CancellationToken ct)
    {
        Task<Session> As(string user) => Session.SignInAsync(gateway, user, password, ct);
        var open = new Session(gateway);
        var (tenderer, centre, supervisor) = (await As("tenderer"), await As("centre"), await As("supervisor"));
        var experts = await Task.WhenAll(Enumerable.Range(1, ExpertsMax).Select(async n =>
        {
            var session = await As($"expert{n:00}");
            return new Expert(session, await session.GetAsync<Me>("api/identity/me", ct));
        }));
        var market = new Market
        {
            Gateway = gateway, Bank = new Bank(bank), Public = open, Agency = await As("agency"), Tenderer = tenderer, Centre = centre, Finance = await As("finance"),
            Industry = await As("industry"), Office = await As("office"), Supervisor = supervisor, Operator = await As("operator"), Experts = experts,
            Custodians = await Task.WhenAll(new[] { tenderer, centre, supervisor }.Select(async s => new Custodian(s, (await s.GetAsync<Me>("api/identity/me", ct)).OrganisationId))),
            TendererSelf = await tenderer.GetAsync<Me>("api/identity/me", ct),
        };
        await market.FillLibraryAsync(ct);
        return market;
    }

    public Task<ClockAnswer> ClockAsync(CancellationToken ct) => Public.GetAsync<ClockAnswer>("api/identity/clock", ct);

    /// <summary>Comes to the moment: by moving a simulated clock, or by waiting on a real one.</summary>
    public async Task ReachAsync(DateTimeOffset moment, Action<TimeSpan> waiting, CancellationToken ct)
    {
        while (await ClockAsync(ct) is var clock && clock.Now < moment)
        {
            if (clock.Mode == "simulated") { await MoveClockAsync(moment, ct); return; }
            waiting(moment - clock.Now);
            await Task.Delay(TimeSpan.FromSeconds(Math.Clamp((moment - clock.Now).TotalSeconds, 0.05, 2)), ct);
        }
    }

    // Somebody else may have moved it further in between: then the moment is reached already.
    private async Task MoveClockAsync(DateTimeOffset moment, CancellationToken ct)
    {
        try { await Operator.PostAsync("api/identity/clock", new { to = moment }, ct); }
        catch (RefusedException e) when (e.Code == "clock-moves-forward") { }
    }

    private async Task FillLibraryAsync(CancellationToken ct)
    {
        var known = (await Centre.GetAsync<ExpertItem[]>("api/expert-selection/experts", ct)).Select(e => e.PersonId).ToHashSet();
        foreach (var (expert, n) in Experts.Select((e, n) => (e, n + 1)).Where(p => !known.Contains(p.e.Self.Id)))
            await Centre.PostAsync("api/expert-selection/experts", new
            {
                personId = expert.Self.Id, name = expert.Self.Name, specialty = Specialty, employer = $"Institute {n}", employerCode = CodeFor($"employer {n}"), district = $"district-{n % 5}",
                yearsInField = 8 + n, seniorTitle = true,
            }, ct);
    }

    /// <summary>A unified social credit code with a right check digit, made from a text.</summary>
    public static string CodeFor(string text)
    {
        const string alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(text));
        return SocialCreditCode.Complete("91" + "330106" + string.Concat(hash.Take(9).Select(b => alphabet[b % alphabet.Length])));
    }

    public void Dispose()
    {
        foreach (var session in new[] { Public, Agency, Tenderer, Centre, Finance, Industry, Office, Supervisor, Operator }.Concat(Experts.Select(e => e.Session))) session.Dispose();
        Bank.Dispose();
    }
}
