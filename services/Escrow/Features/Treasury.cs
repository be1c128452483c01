using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>Where what is not returned is paid to: a setting, since no service may guess it.</summary>
public static class Treasury
{
    public static TreasuryAccount Of(IConfiguration configuration, string currency)
    {
        var (number, name) = (configuration[$"Escrow:Treasury:{currency}:Account"], configuration[$"Escrow:Treasury:{currency}:Name"]);
        Rule.Require(!string.IsNullOrWhiteSpace(number) && !string.IsNullOrWhiteSpace(name), "treasury-account-unknown",
            $"No account of the treasury is set for {currency}: nothing was kept. Set Escrow:Treasury:{currency}:Account and :Name.");
        return new TreasuryAccount(number!, name!);
    }
}
