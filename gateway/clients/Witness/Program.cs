using Tendering.Witness;

// `key` makes the key if there is none, prints it as others need it, and ends.
if (args is ["key"])
{
    using var identity = WitnessIdentity.Open(WitnessSettings.From(new ConfigurationBuilder().AddEnvironmentVariables().Build()));
    Console.WriteLine(identity.Signer.Key);
    return;
}

await using var app = WitnessHost.Build(args);
await app.RunAsync();
