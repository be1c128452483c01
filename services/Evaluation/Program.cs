using Tendering.Evaluation;
using Tendering.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args).AddServiceDefaults();
EvaluationService.Add(builder);

var app = builder.Build().UseServiceDefaults();
EvaluationService.Map(app);
await app.RunAsync();
