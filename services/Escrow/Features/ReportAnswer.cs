using System.Text;
using Tendering.Escrow.Domain;

namespace Tendering.Escrow.Features;

/// <summary>What a report is written as: ?format=json (the default), csv or html. Anything else is malformed.</summary>
public readonly record struct ReportFormat(string Name)
{
    public static bool TryParse(string? text, IFormatProvider? provider, out ReportFormat format)
    {
        format = new ReportFormat(text ?? "");
        return text is "json" or "csv" or "html";
    }
}

/// <summary>One route a report, three forms of one answer.</summary>
public static class ReportAnswer
{
    /// <summary>Rows of one report; one that would have more says after what to go on.</summary>
    public const int RowsMax = 20_000;

    public static IResult Of<T>(HttpContext http, ReportFormat? format, T report, string name, Func<ReportTable> table)
    {
        http.Response.Headers.CacheControl = "no-store";
        switch (format?.Name)
        {
            case "csv":
                http.Response.Headers.ContentDisposition = $"attachment; filename=\"{name}.csv\"";
                return TypedResults.Bytes(Encoding.UTF8.GetBytes(ReportCsv.Of(table())), "text/csv; charset=utf-8");
            case "html":
                http.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'";
                return TypedResults.Text(ReportPage.Of(table()), "text/html; charset=utf-8");
            default:
                return TypedResults.Ok(report);
        }
    }

    /// <summary>Says in the API's description what the route answers.</summary>
    public static RouteHandlerBuilder AnswersReport<T>(this RouteHandlerBuilder route) => route.Produces<T>(StatusCodes.Status200OK, "application/json", "text/csv", "text/html").DisableHttpMetrics();
}
