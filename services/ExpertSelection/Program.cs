using Tendering.ExpertSelection;
using Tendering.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args).AddServiceDefaults();
ExpertSelectionService.Add(builder);

var app = builder.Build().UseServiceDefaults();
ExpertSelectionService.Map(app);
await app.RunAsync();
