using Tendering.Credit;
using Tendering.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args).AddServiceDefaults();
CreditService.Add(builder);

var app = builder.Build().UseServiceDefaults();
CreditService.Map(app);
await app.RunAsync();
