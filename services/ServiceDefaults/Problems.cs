using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Tendering.ServiceDefaults;

/// <summary>A rule said no. The caller may mend the request; nobody needs to be paged.</summary>
public sealed class RuleBrokenException(string code, string message, string? ruleId = null, string? article = null) : Exception(message)
{
    /// <summary>Stable, in kebab case: what a client switches on.</summary>
    public string Code { get; } = code;

    /// <summary>The rule's id in its rule set, where the law asks for it.</summary>
    public string? RuleId { get; } = ruleId;

    public string? Article { get; } = article;
}

/// <summary>The thing does not exist, or the caller may not know that it does.</summary>
public sealed class NotFoundException(string what) : Exception($"There is no such {what}.");

/// <summary>The request is malformed: errors by field.</summary>
public sealed class MalformedException(string field, string message) : Exception(message)
{
    public string Field { get; } = field;
}

/// <summary>Too much at once: nothing was done, and the same request may succeed in a moment.</summary>
public sealed class BusyException(string code, string message) : Exception(message)
{
    public string Code { get; } = code;
}

/// <summary>The caller is known and may not do this.</summary>
public sealed class ForbiddenException(string message) : Exception(message);

public static class Rule
{
    public static void Require(bool holds, string code, string message, string? ruleId = null, string? article = null)
    {
        if (!holds) throw new RuleBrokenException(code, message, ruleId, article);
    }
}

public static class Found
{
    /// <summary>The value, or 404 naming what is missing.</summary>
    public static T Or404<T>(this T? value, string what) where T : class => value ?? throw new NotFoundException(what);
}

/// <summary>Turns every failure into RFC 9457 problem details with a stable code.</summary>
public sealed partial class ProblemHandler(IProblemDetailsService problems, ILogger<ProblemHandler> log) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is OperationCanceledException && httpContext.RequestAborted.IsCancellationRequested)
        {
            httpContext.Response.StatusCode = 499;
            return true;
        }
        var problem = Describe(exception, httpContext);
        if (problem.Status >= 500) LogFault(log, exception, problem.Extensions["traceId"]?.ToString());
        if (problem.Status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests) httpContext.Response.Headers.RetryAfter = "1";
        httpContext.Response.StatusCode = problem.Status!.Value;
        return await problems.TryWriteAsync(new() { HttpContext = httpContext, ProblemDetails = problem });
    }

    private static ProblemDetails Describe(Exception exception, HttpContext http) => exception switch
    {
        RuleBrokenException broken => Problem(409, broken.Code, broken.Message, broken.RuleId, broken.Article),
        NotFoundException => Problem(404, "not-found", exception.Message),
        ForbiddenException => Problem(403, "forbidden", exception.Message),
        BusyException busy => Problem(429, busy.Code, busy.Message),
        MalformedException malformed => new HttpValidationProblemDetails(new Dictionary<string, string[]> { [malformed.Field] = [malformed.Message] })
        {
            Status = 400, Type = "/problems/malformed", Title = "The request is malformed.", Extensions = { ["code"] = "malformed" },
        },
        BadHttpRequestException bad => Problem(bad.StatusCode, CodeOf(bad.StatusCode), Plain(bad)),
        _ when IsUnstorable(exception) => Problem(400, "malformed", "A text holds the character NUL, which cannot be kept."),
        DbUpdateConcurrencyException => Problem(409, "changed-meanwhile", "Somebody else changed this at the same moment: load it again and repeat."),
        _ when IsDatabaseAway(exception) => Fault(503, "unavailable", "The database does not answer at the moment: repeat with the same Idempotency-Key.", http),
        _ => Fault(500, "fault", "Something went wrong here. Quote the trace id when you report it.", http),
    };

    /// <summary>The code of a status that no feature described.</summary>
    internal static string CodeOf(int? status) => status switch
    {
        400 => "malformed", 401 => "unauthenticated", 403 => "forbidden", 404 => "not-found", 405 => "method-not-allowed", 413 => "too-large",
        415 => "unsupported-media-type", 429 => "too-many-requests", >= 400 and < 500 => "malformed", _ => "fault",
    };

    /// <summary>True where the database, not the request, is the reason: a repeat may succeed.</summary>
    public static bool IsDatabaseAway(Exception? exception) => exception switch
    {
        null => false,
        // 57P01 to 57P03: the server is being stopped, has crashed, or is starting; 53300: too many connections.
        PostgresException postgres => postgres.IsTransient || postgres.SqlState is "57P01" or "57P02" or "57P03" or "53300",
        NpgsqlException => true,
        ObjectDisposedException or NullReferenceException or InvalidOperationException when IsOfLostConnection(exception) => true,
        _ => IsDatabaseAway(exception.InnerException),
    };

    // What JSON may say (\u0000) and PostgreSQL does not take: no fault of ours, and a repeat changes nothing.
    private static bool IsUnstorable(Exception? exception) => exception is PostgresException { SqlState: PostgresErrorCodes.CharacterNotInRepertoire } || (exception?.InnerException is { } inner && IsUnstorable(inner));

    private static readonly string[] DriversOwn = ["at Npgsql.NpgsqlCommand.", "at Npgsql.NpgsqlConnection.", "at Npgsql.NpgsqlTransaction.", "at Npgsql.Internal.NpgsqlConnector."];

    // A connection that breaks between two commands is closed under the second one's hands: the driver trips over its own remains and does not say so.
    private static bool IsOfLostConnection(Exception exception) =>
        exception.StackTrace?.Split('\n').Select(l => l.Trim()).FirstOrDefault(l => l.StartsWith("at ", StringComparison.Ordinal) && !l.StartsWith("at System.", StringComparison.Ordinal)) is { } frame
        && DriversOwn.Any(driver => frame.StartsWith(driver, StringComparison.Ordinal));

    private static string Plain(BadHttpRequestException bad)
    {
        if (bad.InnerException is not JsonException json) return "The request cannot be read as it was sent.";
        // The framework names the fields that are missing only in its text, after the name of a type that is nobody's business.
        if (json.Message.Split("including: ") is [_, var missing]) return $"The body lacks {missing.TrimEnd('.')}.";
        return $"The body is not the JSON that is asked for{(json.Path is { } path ? $" (at {path})" : "")}.";
    }

    private static ProblemDetails Problem(int status, string code, string message, string? rule = null, string? article = null)
    {
        var problem = new ProblemDetails { Status = status, Type = $"/problems/{code}", Title = message, Extensions = { ["code"] = code } };
        if (rule is not null) problem.Extensions["rule"] = rule;
        if (article is not null) problem.Extensions["article"] = article;
        return problem;
    }

    private static ProblemDetails Fault(int status, string code, string message, HttpContext http)
    {
        var problem = Problem(status, code, message);
        problem.Extensions["traceId"] = TraceOf(http);
        return problem;
    }

    internal static string TraceOf(HttpContext http) => Activity.Current?.TraceId.ToString() ?? http.TraceIdentifier;

    [LoggerMessage(LogLevel.Error, "Request failed, trace {Trace}.")]
    private static partial void LogFault(ILogger log, Exception exception, string? trace);
}
