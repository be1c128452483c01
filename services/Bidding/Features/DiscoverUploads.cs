using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.Bidding.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>What the upload protocol can do here, for a client that asks (tus: OPTIONS).</summary>
public static class DiscoverUploads
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/lots/{lotId:guid}/uploads", [HttpMethods.Options], Handle).AllowEveryone().WithSummary("What the upload protocol can do here");
        routes.MapMethods("/uploads/{id:guid}", [HttpMethods.Options], Handle).AllowEveryone().WithSummary("What the upload protocol can do here");
    }

    private static NoContent Handle(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers[Tus.Resumable] = Tus.Version;
        headers["Tus-Version"] = Tus.Version;
        headers["Tus-Extension"] = Tus.Extensions;
        headers["Tus-Checksum-Algorithm"] = Tus.ChecksumAlgorithms;
        headers["Tus-Max-Size"] = Tus.Text(Upload.LengthMax(Protocols.SealedPart.Files)!.Value);
        return TypedResults.NoContent();
    }
}
