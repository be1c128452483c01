// Every service in one process behind the gateway; `migrate` sets up their databases and ends.
using Tendering.AllInOne;
using Tendering.BidOpening;
using Tendering.Bidding;
using Tendering.Credit;
using Tendering.Escrow;
using Tendering.Evaluation;
using Tendering.ExpertSelection;
using Tendering.Identity;
using Tendering.ServiceDefaults;
using Tendering.Supervision;
using Tendering.Tenders;

var builder = WebApplication.CreateBuilder(args).AddServiceDefaults();
IdentityService.Add(builder);
TendersService.Add(builder);
BiddingService.Add(builder);
BidOpeningService.Add(builder);
ExpertSelectionService.Add(builder);
EvaluationService.Add(builder);
EscrowService.Add(builder);
CreditService.Add(builder);
SupervisionService.Add(builder);

if (args is ["migrate", ..]) return await Migrations.RunAsync(builder);

var app = builder.Build().UseServiceDefaults();
IdentityService.Map(app);
TendersService.Map(app);
BiddingService.Map(app);
BidOpeningService.Map(app);
ExpertSelectionService.Map(app);
EvaluationService.Map(app);
EscrowService.Map(app);
CreditService.Map(app);
SupervisionService.Map(app);
await app.RunAsync();
return 0;
