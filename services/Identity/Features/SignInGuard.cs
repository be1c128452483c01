using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Tendering.Identity.Data;

namespace Tendering.Identity.Features;

/// <summary>
/// Five failures in a row lock a user name for 15 minutes, whether or not it exists. An attempt is counted before the password is
/// looked at, so that no burst of guesses outruns the count; attempts at one name take turns, so that a burst of honest ones is not locked out.
/// </summary>
public sealed class SignInGuard : IDisposable
{
    public const int FailuresMax = 5;
    public static readonly TimeSpan LockedFor = TimeSpan.FromMinutes(15);
    private readonly SemaphoreSlim[] _lanes = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1))];

    public async Task<Turn> TakeTurnAsync(string normalizedName, CancellationToken ct)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(normalizedName));
        var lane = _lanes[hash[0] % _lanes.Length];
        await lane.WaitAsync(ct);
        return new Turn(hash, lane);
    }

    public void Dispose()
    {
        foreach (var lane in _lanes) lane.Dispose();
    }

    /// <summary>One attempt at one name.</summary>
    public sealed class Turn(byte[] nameHash, SemaphoreSlim lane) : IDisposable
    {
        /// <summary>Counts the attempt; false when the name is locked.</summary>
        public async Task<bool> TryAsync(IdentityDb db, DateTimeOffset now, CancellationToken ct)
        {
            var until = now + LockedFor;
            var attempts = await db.Database.SqlQuery<int>(
                $"""
                insert into sign_in_guard as g (name_hash, attempts, last_at) values ({nameHash}, 1, {now})
                on conflict (name_hash) do update set last_at = {now},
                  attempts = case when g.locked_until <= {now} then 1 else least(g.attempts, {FailuresMax}) + 1 end,
                  locked_until = case when g.locked_until > {now} then g.locked_until
                                      when g.locked_until is null and g.attempts + 1 >= {FailuresMax} then {until} end
                returning attempts as "Value"
                """).ToListAsync(ct);
            return attempts[0] <= FailuresMax;
        }

        public Task ForgetAsync(IdentityDb db, CancellationToken ct) => db.Database.ExecuteSqlAsync($"delete from sign_in_guard where name_hash = {nameHash}", ct);

        public void Dispose() => lane.Release();
    }
}
