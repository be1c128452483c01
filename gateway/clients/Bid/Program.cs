using Tendering.Bid;

// Seals, submits and opens bids from scripts: docs/operations/bid.md.
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) => { e.Cancel = true; stop.Cancel(); };
return await BidProgram.RunAsync(args, Surroundings.OfProcess(), stop.Token);
