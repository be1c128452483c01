using Tendering.Identity;
using Tendering.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args).AddServiceDefaults();
IdentityService.Add(builder);

var app = builder.Build().UseServiceDefaults();
IdentityService.Map(app);
await app.RunAsync();
