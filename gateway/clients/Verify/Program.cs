using Tendering.Verify;

return await Verifier.MainAsync(args, Console.Out, Console.Error);
