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
        builder.Services.AddSingleton(p => LogOptions.From(p.GetRequiredService<IConfiguration>())).AddSingleton<AuditLog>();
        builder.Services.AddHostedService<SequenceEvents>().AddHostedService<CollectCosignatures>().AddHostedService<DiscloseSecrets>().AddHostedService<FetchTimestamp>().AddHostedService<IndexForSearch>().AddHostedService<CheckLog>();
    }

    public static void Map(IEndpointRouteBuilder app)
    {
        var routes = app.MapService<SupervisionDb>(Name);
        GetTimeline.Map(routes);
        GetFeed.Map(routes);
        StreamEvents.Map(routes);
        SearchEvents.Map(routes);
        GetDossier.Map(routes);
        ListStreams.Map(routes);
        ListAlarms.Map(routes);
        GetAlarm.Map(routes);
        ServeLog.Map(app);
        GetLogKeys.Map(routes);
        GetLogProofs.Map(routes);
        GetPublicEvent.Map(routes);
        GetBidProof.Map(routes);
        ListTimestamps.Map(routes);
    }
}
