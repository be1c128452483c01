using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Spectre.Console;
using Tendering.Client;

namespace Tendering.Bid;

/// <summary>Results on standard output, refusals and progress on standard error; with --json each is one line of JSON, and there is no progress.</summary>
internal sealed class Output(Surroundings around, bool json)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };

    public void Result(object result)
    {
        var node = JsonSerializer.SerializeToNode(result, Json)!.AsObject();
        if (json) around.Out.WriteLine(node.ToJsonString(Json));
        else foreach (var (name, value) in node) around.Out.WriteLine($"{name}: {(value is JsonValue text ? text.ToString() : value?.ToJsonString(Json) ?? "-")}");
    }

    public int Fail(int exitCode, RefusedException e) => Fail(exitCode, e.Code, e.Title, null, (int)e.Status, e.Rule, e.Article);

    public int Fail(int exitCode, string code, string message, object? details = null, int? status = null, string? rule = null, string? article = null)
    {
        if (json)
        {
            var error = new JsonObject { ["code"] = code, ["message"] = message };
            if (status is not null) error["status"] = status;
            if (rule is not null) error["rule"] = rule;
            if (article is not null) error["article"] = article;
            if (details is not null) error["details"] = JsonSerializer.SerializeToNode(details, Json);
            around.Error.WriteLine(new JsonObject { ["error"] = error }.ToJsonString(Json));
            return exitCode;
        }
        around.Error.WriteLine($"{code}: {message}{(rule is null ? "" : $" (rule {rule}, {article})")}");
        if (details is not null) around.Error.WriteLine(JsonSerializer.Serialize(details, Json));
        return exitCode;
    }

    /// <summary>Long work with a bar, where somebody watches; the work tells how many bytes of so many are done.</summary>
    public async Task<T> WatchAsync<T>(string what, long length, Func<Action<long>, Task<T>> work)
    {
        if (json || !around.IsInteractive) return await work(_ => { });
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(around.Error) });
        return await console.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new DownloadedColumn(), new TransferSpeedColumn(), new RemainingTimeColumn())
            .StartAsync(context =>
            {
                var bar = context.AddTask(Markup.Escape(what), maxValue: Math.Max(1, length));
                return work(done => bar.Value = done);
            });
    }
}
