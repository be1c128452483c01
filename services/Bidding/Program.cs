using Tendering.Bidding;
using Tendering.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args).AddServiceDefaults();
BiddingService.Add(builder);

var app = builder.Build().UseServiceDefaults();
BiddingService.Map(app);
await app.RunAsync();
