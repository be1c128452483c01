using Tendering.Gateway;

// The framework takes this from the environment only, before the first socket. What comes in is received, and an answer passed on, on the thread that noticed it: to wake another for it
// costs more than the work itself. So nothing here may ever block.
const string inline = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
if (Environment.GetEnvironmentVariable(inline) is null) Environment.SetEnvironmentVariable(inline, "1");

// The pages lie beside the program, wherever it is started from.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
GatewayHost.Add(builder);

var app = builder.Build();
GatewayHost.Use(app);
await app.RunAsync();
