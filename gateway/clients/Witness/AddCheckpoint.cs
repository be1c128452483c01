using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.Protocols;

namespace Tendering.Witness;

/// <summary>A log asks for a cosignature (C2SP tlog-witness).</summary>
public static class AddCheckpoint
{
    public static void Map(IEndpointRouteBuilder app) => app.MapPost("/add-checkpoint", Handle);

    private static async Task<IResult> Handle(HttpRequest http, Witnessing witnessing, CancellationToken ct)
    {
        if (await ReadAsync(http, ct) is not { } body) return Problem(413, "witness.too-long", $"A request has at most {WitnessRequest.BytesMax} bytes.");
        WitnessRequest request;
        Checkpoint offered;
        try
        {
            request = WitnessRequest.Parse(body);
            offered = Checkpoint.Parse(request.Checkpoint.Text);
        }
        catch (LogFormatException e) { return Problem(400, e.Code, e.Message); }

        if (await witnessing.FindAsync(offered.Origin, ct) is not { } log) return Problem(404, "witness.origin-unknown", "This witness does not watch a log of this origin.");
        if (!request.Checkpoint.Check(log.Key).IsBy(log.Key)) return Problem(403, "witness.signature", "The checkpoint is not signed by the key that this witness knows the log by.");
        var (answer, size, cosignature) = await witnessing.AskAsync(log, request, offered, ct);
        return answer switch
        {
            Answer.Cosign => TypedResults.Text(cosignature!.ToString(), "text/plain; charset=utf-8"),
            Answer.OldSizeLarger => Problem(400, "witness.old-size", "The old size is larger than the checkpoint's."),
            Answer.NoProof => Problem(422, "witness.proof", "The proof does not lead from the checkpoint that was cosigned last to this one."),
            _ => TypedResults.Text(WitnessRequest.SizeBody(size), WitnessRequest.SizeContentType, statusCode: 409),
        };
    }

    // Whatever the header says of its length, no more than the limit is read.
    private static async Task<byte[]?> ReadAsync(HttpRequest http, CancellationToken ct)
    {
        var body = new byte[WitnessRequest.BytesMax + 1];
        var length = await http.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, ct);
        return length <= WitnessRequest.BytesMax ? body[..length] : null;
    }

    private static ProblemHttpResult Problem(int status, string code, string detail) => TypedResults.Problem(detail, statusCode: status, extensions: [new("code", code)]);
}
