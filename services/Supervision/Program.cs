using Tendering.ServiceDefaults;
using Tendering.Supervision;

var builder = WebApplication.CreateBuilder(args).AddServiceDefaults();
SupervisionService.Add(builder);

var app = builder.Build().UseServiceDefaults();
SupervisionService.Map(app);
await app.RunAsync();
