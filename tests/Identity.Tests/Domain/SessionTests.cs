using Tendering.Identity.Domain;

namespace Tendering.Identity.Tests.Domain;

public class SessionTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 2, 1, 0, 0, TimeSpan.Zero);

    [Fact]
    public void An_idle_session_ends_after_half_an_hour()
    {
        var (session, _) = Session.Open(Guid.CreateVersion7(), Now);
        Assert.True(session.IsOpen(Now.AddMinutes(30).AddTicks(-1)));
        Assert.False(session.IsOpen(Now.AddMinutes(30)));
    }

    [Fact]
    public void A_busy_session_ends_after_twelve_hours()
    {
        var (session, _) = Session.Open(Guid.CreateVersion7(), Now);
        session.LastUsedAt = Now.AddHours(12).AddMinutes(-1);
        Assert.True(session.IsOpen(Now.AddHours(12).AddTicks(-1)));
        Assert.False(session.IsOpen(Now.AddHours(12)));
    }

    [Fact]
    public void An_ended_session_stays_ended_at_its_first_end()
    {
        var (session, _) = Session.Open(Guid.CreateVersion7(), Now);
        session.End(Now.AddMinutes(1));
        session.End(Now.AddMinutes(2));
        Assert.Equal(Now.AddMinutes(1), session.EndedAt);
        Assert.False(session.IsOpen(Now.AddMinutes(1)));
    }

    [Fact]
    public void The_secret_has_256_bits_and_only_its_hash_is_kept()
    {
        var (session, secret) = Session.Open(Guid.CreateVersion7(), Now);
        Assert.Equal(Session.SecretLength, System.Buffers.Text.Base64Url.DecodeFromChars(secret).Length);
        Assert.Equal(Session.HashOf(secret), session.SecretHash);
        Assert.NotEqual(secret, Session.Open(session.PersonId, Now).Secret);
    }
}
