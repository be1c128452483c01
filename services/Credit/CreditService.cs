using Tendering.Contracts.Identity;
using Tendering.Credit.Data;
using Tendering.Credit.Features;
using Tendering.ServiceDefaults;

namespace Tendering.Credit;

/// <summary>Enterprises' archives, conduct records, debarments: who may enter the market.</summary>
public static class CreditService
{
    public const string Name = "credit";

    public static void Add(WebApplicationBuilder builder)
    {
        builder.Services.AddValidation();
        builder.AddService<CreditDb>(Name)
            .On<OrganisationRegistered>("open-archive", OpenArchiveOnOrganisationRegistered.Handle)
            .WhenDue("debarment", EndDebarmentWhenDue.Handle);
    }

    public static void Map(IEndpointRouteBuilder app)
    {
        var routes = app.MapService<CreditDb>(Name);
        DebarEnterprise.Map(routes);
        LiftDebarment.Map(routes);
        ListDebarments.Map(routes);
        GetEnterprise.Map(routes);
    }
}
