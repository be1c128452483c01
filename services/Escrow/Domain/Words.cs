using System.Collections.Frozen;

namespace Tendering.Escrow.Domain;

/// <summary>Codes in words, Chinese first with English beside; a code without words is shown as it is.</summary>
public static class Words
{
    private static readonly FrozenDictionary<string, string> Known = new Dictionary<string, string>
    {
        [TransferCodes.Received] = "缴款到账 payment received",
        [TransferCodes.Held] = "保证金冻结 deposit held",
        [TransferCodes.Released] = "解除冻结 hold released",
        [TransferCodes.Suspended] = "转入待查 to suspense",
        [TransferCodes.Returned] = "原路退回 payment returned",
        [TransferCodes.RefundOrdered] = "退还保证金 refund ordered",
        [TransferCodes.InterestOrdered] = "支付利息 interest ordered",
        [TransferCodes.Forfeited] = "不予退还 kept by decision",
        [TransferCodes.ToTreasury] = "转应缴国库 owed to the treasury",
        [TransferCodes.TreasuryOrdered] = "上缴国库 paid to the treasury",
        [TransferCodes.ClaimReceived] = "保函索赔到账 claim received",
        [TransferCodes.ClaimToTreasury] = "索赔款转应缴国库 claim owed to the treasury",
        [TransferCodes.Paid] = "银行付讫 payment confirmed",
        [ReleaseReasons.BidWithdrawn] = "撤回投标 bid withdrawn",
        [ReleaseReasons.NotOpened] = "未能解密 bid not opened",
        [ReleaseReasons.LotFailed] = "流标或终止 lot failed",
        [ReleaseReasons.NotAwarded] = "未中标 not awarded",
        [ReleaseReasons.ContractSigned] = "合同已签 contract signed",
        [ReleaseReasons.ForfeitedInPart] = "部分不予退还 forfeited in part",
        ["payment"] = "转账 payment",
        ["guarantee-letter"] = "保函 guarantee letter",
        ["waiting"] = "待付款指令 waits for its order",
        ["ordered"] = "已发付款指令 ordered",
    }.ToFrozenDictionary();

    public static string Of(string code) => Known.GetValueOrDefault(code, code);
}
