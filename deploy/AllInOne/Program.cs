// Every service in one process behind the gateway; `migrate` sets up their databases and ends.
using Tendering.AllInOne;
using Tendering.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args).AddServiceDefaults();
Everything.Add(builder);
if (args is ["migrate", ..]) return await Migrations.RunAsync(builder);

var app = builder.Build().UseServiceDefaults();
Everything.Map(app);
await app.RunAsync();
return 0;
