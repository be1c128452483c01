using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.DependencyInjection;

namespace Tendering.ServiceDefaults.Tests;

public class CreatedWholeTests
{
    private sealed record Thing(Guid ThingId, string Name);

    [Fact]
    public async Task The_answer_says_its_length_and_where_the_new_thing_is()
    {
        using var body = new MemoryStream();
        var http = new DefaultHttpContext { RequestServices = new ServiceCollection().AddOptions().BuildServiceProvider(), Response = { Body = body } };
        var result = new CreatedWhole<Thing>("/api/things/1", new Thing(Guid.Empty, "名"));
        await result.ExecuteAsync(http);

        var text = Encoding.UTF8.GetString(body.ToArray());
        Assert.Equal($$"""{"thingId":"{{Guid.Empty}}","name":"名"}""", text);
        Assert.Equal((201, "/api/things/1", "application/json; charset=utf-8", (long?)body.Length),
            (http.Response.StatusCode, http.Response.Headers.Location.ToString(), http.Response.ContentType, http.Response.ContentLength));
    }

    // What keeps answers for a repeated key reads them so.
    [Fact]
    public void It_tells_what_the_framework_s_own_result_tells()
    {
        var (own, framework) = (new CreatedWhole<Thing>("/api/things/1", new Thing(Guid.Empty, "a")), TypedResults.Created("/api/things/1", new Thing(Guid.Empty, "a")));
        Assert.Equal(Told(framework), Told(own));

        static (int?, object?, object?) Told(IResult result) => (((IStatusCodeHttpResult)result).StatusCode, ((IValueHttpResult)result).Value, result.GetType().GetProperty("Location")!.GetValue(result));
    }

    [Fact]
    public void The_API_document_is_told_status_and_shape()
    {
        var endpoint = Describe<CreatedWhole<Thing>>();
        var produced = Assert.Single(endpoint.Metadata.OfType<IProducesResponseTypeMetadata>());
        Assert.Equal((201, typeof(Thing), "application/json"), (produced.StatusCode, produced.Type, produced.ContentTypes.Single()));
    }

    private static Microsoft.AspNetCore.Routing.RouteEndpointBuilder Describe<T>() where T : IEndpointMetadataProvider
    {
        var endpoint = new Microsoft.AspNetCore.Routing.RouteEndpointBuilder(null, Microsoft.AspNetCore.Routing.Patterns.RoutePatternFactory.Parse("/"), 0);
        T.PopulateMetadata(typeof(CreatedWholeTests).GetMethod(nameof(The_API_document_is_told_status_and_shape))!, endpoint);
        return endpoint;
    }
}
