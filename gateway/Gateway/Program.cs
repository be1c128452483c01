using Tendering.Gateway;

// The pages lie beside the program, wherever it is started from.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
GatewayHost.Add(builder);

var app = builder.Build();
GatewayHost.Use(app);
await app.RunAsync();
