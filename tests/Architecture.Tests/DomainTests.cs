using Microsoft.EntityFrameworkCore;

namespace Tendering.Architecture.Tests;

/// <summary>Decisions are pure: what is in Domain/ takes state, command and time, and returns what happens.</summary>
public class DomainTests
{
    private static readonly string[] Impure =
    [
        "Microsoft.EntityFrameworkCore", "Microsoft.AspNetCore", "Microsoft.Extensions", "Npgsql", "RabbitMQ", "System.Net.Http", "System.Data", "System.IO.File", "System.TimeProvider", "System.Threading.Timer",
    ];

    // Of the plumbing a decision may use who acts, how a rule says no and a cipher, and nothing that reaches a database, the bus or a clock.
    private static readonly string[] PureParts =
    [
        "Tendering.ServiceDefaults.Caller", "Tendering.ServiceDefaults.Rule", "Tendering.ServiceDefaults.RuleBrokenException",
        "Tendering.ServiceDefaults.MalformedException", "Tendering.ServiceDefaults.NotFoundException", "Tendering.ServiceDefaults.ForbiddenException", "Tendering.ServiceDefaults.Found", "Tendering.ServiceDefaults.Secrets",
    ];

    // A person is what the framework's identity keeps (password, lockout); its base type is the whole of the use.
    private static readonly (string Type, string Use)[] Excepted = [("Tendering.Identity.Domain.Person", "Microsoft.AspNetCore.Identity.IdentityUser")];

    private static string[] ImpureUses(Type type) =>
        [.. UsedTypes.Of(type).Where(used => Impure.Any(p => used.StartsWith(p, StringComparison.Ordinal)) || (used.StartsWith("Tendering.ServiceDefaults.", StringComparison.Ordinal) && !PureParts.Contains(used)))];

    public static TheoryData<string> Services => [.. Checkout.Services];

    [Theory]
    [MemberData(nameof(Services))]
    public void The_domain_uses_no_database_no_web_no_bus_and_no_clock(string service)
    {
        var domain = Checkout.AssemblyOf(service).GetTypes().Where(t => t.Namespace?.StartsWith($"Tendering.{service}.Domain", StringComparison.Ordinal) == true).ToArray();
        var found = domain.SelectMany(t => ImpureUses(t).Where(used => !Excepted.Any(e => e.Type == t.FullName && used.StartsWith(e.Use, StringComparison.Ordinal))).Select(used => $"{t.FullName} uses {used}"));
        Assert.Equal("", string.Join('\n', found));
        Assert.NotEmpty(domain);
    }

    [Theory]
    [InlineData(typeof(ReadsTheClock), "System.TimeProvider")]
    [InlineData(typeof(HoldsADatabase), "Microsoft.EntityFrameworkCore.DbContext")]
    [InlineData(typeof(OpensTheBus), "Tendering.ServiceDefaults.Bus")]
    [InlineData(typeof(AnswersARequest), "Microsoft.AspNetCore.Http.HttpContext")]
    public void The_guard_sees(Type type, string use) => Assert.Contains(use, ImpureUses(type));

    private sealed class ReadsTheClock { public static DateTimeOffset Now() => TimeProvider.System.GetUtcNow(); }
    private sealed class HoldsADatabase { public DbContext? Db { get; set; } }
    private sealed class OpensTheBus { public static string Open(object bus) => ((ServiceDefaults.Bus)bus).Events; }
    private sealed class AnswersARequest { public static void Answer(Action<Microsoft.AspNetCore.Http.HttpContext> next) => next(null!); }
}
