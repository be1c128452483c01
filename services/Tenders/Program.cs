using Tendering.ServiceDefaults;
using Tendering.Tenders;

var builder = WebApplication.CreateBuilder(args).AddServiceDefaults();
TendersService.Add(builder);

var app = builder.Build().UseServiceDefaults();
TendersService.Map(app);
await app.RunAsync();
