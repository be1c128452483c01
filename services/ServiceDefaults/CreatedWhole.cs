using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Tendering.ServiceDefaults;

/// <summary>201 with a JSON body whose length is stated, so that it leaves in one write here and at the gateway; a body in chunks takes two. For what is answered by the thousand.</summary>
public sealed class CreatedWhole<T>(string location, T value) : IResult, IEndpointMetadataProvider, IStatusCodeHttpResult, IValueHttpResult, IValueHttpResult<T>
{
    private const string ContentType = "application/json; charset=utf-8";

    public string Location { get; } = location;

    public T Value { get; } = value;

    public int? StatusCode => StatusCodes.Status201Created;

    T? IValueHttpResult<T>.Value => Value;

    object? IValueHttpResult.Value => Value;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(Value, httpContext.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions);
        var response = httpContext.Response;
        (response.StatusCode, response.Headers.Location, response.ContentType, response.ContentLength) = (StatusCodes.Status201Created, Location, ContentType, body.Length);
        return response.Body.WriteAsync(body, httpContext.RequestAborted).AsTask();
    }

    static void IEndpointMetadataProvider.PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status201Created, typeof(T), ["application/json"]));
}
