using Tendering.ServiceDefaults;
using Tendering.Supervision.Data;
using Tendering.Supervision.Features;

namespace Tendering.Supervision;

/// <summary>The record of everything that happened, and the alarms: sees everything, changes nothing.</summary>
public static class SupervisionService
{
    public const string Name = "supervision";

    public static void Add(WebApplicationBuilder builder)
    {
        builder.Services.AddValidation();
        builder.AddService<SupervisionDb>(Name).OnEverything(RecordEvents.Handle);
        builder.Services.AddHostedService<AskForMissingEvents>();
    }

    public static void Map(IEndpointRouteBuilder app)
    {
        var routes = app.MapService<SupervisionDb>(Name);
        GetTimeline.Map(routes);
        GetFeed.Map(routes);
        ListStreams.Map(routes);
        ListAlarms.Map(routes);
        GetAlarm.Map(routes);
    }
}
