namespace Tendering.Escrow.Data;

/// <summary>The escrow account as the bank knows it, and the schemas its files are held against.</summary>
/// <param name="Account">Its number: statements of any other account are refused.</param>
/// <param name="Zone">The bank's time: its days begin there, and its times without an offset are of there.</param>
public sealed record BankSettings(string Account, string AccountName, string Bank, TimeZoneInfo Zone, CamtSchemas Schemas)
{
    public static BankSettings From(IConfiguration configuration) => new(
        configuration["Escrow:BankAccount"] ?? "ESCROW", configuration["Escrow:AccountName"] ?? "Tendering escrow account", configuration["Escrow:Bank"] ?? "Escrow bank",
        TimeZoneInfo.FindSystemTimeZoneById(configuration["Escrow:Zone"] ?? "Asia/Shanghai"), new CamtSchemas(configuration["Escrow:SchemaFolder"]));
}
