using System.Net;
using System.Text.Json;

namespace Tendering.Client;

/// <summary>The system said no, with the problem's stable code and, where the law says no, rule and article.</summary>
public sealed class RefusedException(HttpStatusCode status, string code, string title, string? rule, string? article, string where)
    : Exception($"{where}: {(int)status} {code}: {title}{(rule is null ? "" : $" ({rule}, {article})")}")
{
    private const int TextMax = 300;

    public HttpStatusCode Status { get; } = status;
    public string Code { get; } = code;
    public string Title { get; } = title;
    public string? Rule { get; } = rule;
    public string? Article { get; } = article;

    /// <summary>Reads RFC 9457 problem details, or what else stands in the answer.</summary>
    public static async Task<RefusedException> ReadAsync(HttpResponseMessage answer, CancellationToken ct)
    {
        var text = await answer.Content.ReadAsStringAsync(ct);
        // The path without its query: what is refused is logged.
        var where = $"{answer.RequestMessage?.Method} {answer.RequestMessage?.RequestUri?.AbsolutePath}";
        try
        {
            var problem = JsonSerializer.Deserialize<JsonElement>(text);
            var title = Text(problem, "title") ?? Text(problem, "error_description") ?? "";
            if (problem.ValueKind == JsonValueKind.Object && problem.TryGetProperty("errors", out var errors)) title += " " + errors;
            return new RefusedException(answer.StatusCode, Text(problem, "code") ?? Text(problem, "error") ?? "", title, Text(problem, "rule"), Text(problem, "article"), where);
        }
        catch (JsonException) { return new RefusedException(answer.StatusCode, "", text.Length > TextMax ? text[..TextMax] : text, null, null, where); }
    }

    private static string? Text(JsonElement problem, string name) => problem.ValueKind == JsonValueKind.Object && problem.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
