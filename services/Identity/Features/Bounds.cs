namespace Tendering.Identity.Features;

/// <summary>What names, codes and passwords may look like, wherever they come in.</summary>
public static class Bounds
{
    public const string Code = "^[0-9A-HJ-NP-RTUWXY]{18}$", UserName = "^[A-Za-z0-9][A-Za-z0-9._@-]{2,63}$", AccountNumber = "^[0-9]{6,34}$";
    public const int NameMax = 200, DisplayNameMax = 100, UserNameMax = 64, PasswordMin = 10, PasswordMax = 128, RequestMax = 8_000, ReasonMax = 1_000;
}
