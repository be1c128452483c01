using Tendering.BankSimulator;

var app = BankHost.Build(args);
await app.RunAsync();
