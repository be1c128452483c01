using Tendering.Escrow;
using Tendering.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args).AddServiceDefaults();
EscrowService.Add(builder);

var app = builder.Build().UseServiceDefaults();
EscrowService.Map(app);
await app.RunAsync();
