using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;

namespace Tendering.Replay.Client;

/// <summary>A member of the library: accepts seats, confirms, signs with a key made for the seat.</summary>
public sealed class Expert(Session session, Me self)
{
    private readonly ConcurrentDictionary<Guid, ECDsa> _keys = new();

    public Session Session { get; } = session;
    public Me Self { get; } = self;

    /// <summary>Lots on whose committee this expert sits by its own acceptance.</summary>
    public IEnumerable<Guid> Seats => _keys.Keys;

    /// <summary>Accepts every invitation that waits; returns how many.</summary>
    public async Task<int> AcceptAllAsync(CancellationToken ct)
    {
        var invitations = await Session.GetAsync<Invitation[]>("api/expert-selection/invitations", ct);
        var accepted = 0;
        foreach (var invitation in invitations.Where(i => i.Stage == "invited"))
        {
            var key = _keys.GetOrAdd(invitation.LotId, _ => ECDsa.Create(ECCurve.NamedCurves.nistP256));
            await Session.PostAsync($"api/expert-selection/draws/{invitation.DrawId}/acceptance", new { signingKey = Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()) }, ct);
            accepted++;
        }
        return accepted;
    }

    /// <summary>Confirms what the preliminary examination proposes, as anyone would who looks only at the facts.</summary>
    public async Task<EvaluationView> ConfirmAsync(Guid lot, CancellationToken ct)
    {
        var view = await Session.UntilAsync<EvaluationView>($"api/evaluation/lots/{lot}", v => v.Bids is { Length: > 0 }, "the evaluation", ct);
        var findings = view.Bids!.Select(b => new
        {
            bidId = b.BidId, accepted = b.Findings.Length == 0, ground = b.Findings.FirstOrDefault()?.Ground, explanation = b.Findings.FirstOrDefault()?.Explanation,
        }).ToArray();
        var accepted = findings.Count(f => f.accepted);
        await Session.PostAsync($"api/evaluation/lots/{lot}/confirmation",
            new { findings, fewBidsReason = accepted < 3 ? "The remaining prices were made in competition with all that were submitted." : null }, ct);
        return view;
    }

    public async Task SignAsync(Guid lot, CancellationToken ct)
    {
        await Session.UntilAsync<EvaluationView>($"api/evaluation/lots/{lot}", v => v.ReportHash is not null, "the report", ct);
        var report = await Session.GetBytesAsync($"api/evaluation/lots/{lot}/report", ct);
        var signature = _keys[lot].SignData(report, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        try { await Session.PostAsync($"api/evaluation/lots/{lot}/signatures", new { signature = Convert.ToBase64String(signature) }, ct); }
        catch (RefusedException e) when (e.Status == HttpStatusCode.Conflict && e.Code == "already-signed") { }
    }
}
