using Tendering.BidOpening;
using Tendering.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args).AddServiceDefaults();
BidOpeningService.Add(builder);

var app = builder.Build().UseServiceDefaults();
BidOpeningService.Map(app);
await app.RunAsync();
