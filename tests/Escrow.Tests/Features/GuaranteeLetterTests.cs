using System.Net;
using Tendering.Contracts;
using Tendering.Contracts.Escrow;
using Tendering.Contracts.Tenders;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Escrow.Features;
using Tendering.Escrow.Tests.Domain.Camt;
using Tendering.Testing;
using static Tendering.Escrow.Features.GetDeposit;

namespace Tendering.Escrow.Tests.Features;

public class GuaranteeLetterTests(EscrowHost host) : IClassFixture<EscrowHost>
{
    private const int Validity = 60;
    private static readonly string Hash = new('c', 64);

    private readonly HttpClient _finance = host.As(Roles.Finance);

    /// <summary>A lot whose documents take letters and exempt small enterprises; bids bind 60 days after the deadline.</summary>
    private Task<LotOf> PublishAsync(string ruleSet = "cn-tendering", string[]? kinds = null) =>
        host.PublishAsync(lot: host.NewLot(ruleSet) with { Terms = new PublishedDepositTerms(Validity, kinds ?? ["bank", "insurer"], [new PublishedExemption("small-enterprise", "小微企业")]) });

    private static DateOnly BindsThrough(LotOf lot) => DateOnly.FromDateTime(lot.BidDeadline.AddHours(8).DateTime).AddDays(Validity);

    private static PresentGuaranteeLetter.Request LetterFor(LotOf lot) =>
        new("bank", EscrowHost.BankCode, "Bank of the town", $"L{Guid.NewGuid():N}", lot.Deposit, lot.Currency, LotOf.Tenderer, BindsThrough(lot), Hash);

    private Task<HttpResponseMessage> PresentAsync(LotOf lot, Bidder bidder, PresentGuaranteeLetter.Request request) => host.As(Roles.Bidder, bidder.Id).PostAsync($"/api/escrow/lots/{lot.LotId}/guarantee-letters", request);

    private async Task<Guid> PresentedAsync(LotOf lot, Bidder bidder, PresentGuaranteeLetter.Request? request = null)
    {
        var answer = await PresentAsync(lot, bidder, request ?? LetterFor(lot));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await EscrowHost.ReadAsync<PresentGuaranteeLetter.Response>(answer)).LetterId;
    }

    private Task<HttpResponseMessage> VerifyAsync(Guid letter, bool genuine = true, string? reason = null, HttpClient? by = null) =>
        (by ?? _finance).PostAsync($"/api/escrow/guarantee-letters/{letter}/verification", new VerifyGuaranteeLetter.Request(genuine, reason));

    private async Task<(LotOf, Bidder, Guid)> SecuredAsync(string ruleSet = "cn-tendering")
    {
        var lot = await PublishAsync(ruleSet);
        var bidder = await host.RegisterAsync(lot);
        var letter = await PresentedAsync(lot, bidder);
        Assert.Equal(HttpStatusCode.OK, (await VerifyAsync(letter)).StatusCode);
        return (lot, bidder, letter);
    }

    private async Task<ListGuaranteeLetters.Item> ItemAsync(LotOf lot) => Assert.Single(await EscrowHost.ReadAsync<ListGuaranteeLetters.Item[]>(await _finance.GetAsync($"/api/escrow/guarantee-letters?lotId={lot.LotId}")));

    private static async Task RefusedAsync(HttpResponseMessage answer, string code)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.Conflict && text.Contains($"\"code\":\"{code}\"", StringComparison.Ordinal), text);
    }

    [Fact]
    public async Task Only_a_verified_letter_secures_the_bid()
    {
        var lot = await PublishAsync();
        var bidder = await host.RegisterAsync(lot);
        var letter = await PresentedAsync(lot, bidder);
        Assert.Equal((DepositState.Presented, "guarantee-letter"), ((await host.DepositAsync(lot, bidder)).State, (await host.DepositAsync(lot, bidder)).Kind));
        Assert.DoesNotContain(await host.PublishedAsync<DepositSecured, EscrowDb>(), e => e.LotId == lot.LotId);
        Assert.Equal(HttpStatusCode.OK, (await VerifyAsync(letter)).StatusCode);
        Assert.Single(await host.PublishedAsync<DepositSecured, EscrowDb>(), e => e.LotId == lot.LotId && e.BidderId == bidder.Id && e.Kind == "guarantee-letter" && e.Amount == lot.Deposit);
        Assert.Equal(DepositState.Secured, (await host.DepositAsync(lot, bidder)).State);
        await RefusedAsync(await VerifyAsync(letter), "illegal-move");
        // What is secured by a letter is not secured again by money.
        Assert.Equal("deposit-paid-twice", (await host.TakenAsync(host.NoticeOf(lot, bidder))).Code);
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task The_terms_say_before_what_is_refused_after()
    {
        var lot = await PublishAsync();
        var bidder = await host.RegisterAsync(lot);
        var terms = await EscrowHost.ReadAsync<GetDepositTerms.Response>(await host.Public().GetAsync($"/api/escrow/lots/{lot.LotId}/deposit-terms"));
        Assert.Equal((lot.Deposit, BindsThrough(lot), LotOf.Tenderer), (terms.Amount, terms.LettersValidThrough, terms.LetterBeneficiary));
        Assert.Equal(("bank insurer", "small-enterprise", "A7v", "条26"), (string.Join(' ', terms.LetterKinds), string.Join(' ', terms.ExemptionGrounds), terms.Rule, terms.Article));
        var good = LetterFor(lot);
        foreach (var (bad, code) in new[]
        {
            (good with { ValidThrough = BindsThrough(lot).AddDays(-1) }, "guarantee-letter-too-short"), (good with { Amount = lot.Deposit - 1 }, "guarantee-letter-too-small"),
            (good with { Kind = "guarantor" }, "guarantee-letter-not-taken"), (good with { Currency = "JPY" }, "guarantee-letter-wrong-currency"), (good with { Beneficiary = "Another town" }, "guarantee-letter-wrong-beneficiary"),
        })
        {
            var answer = await PresentAsync(lot, bidder, bad);
            Assert.Contains("\"rule\":\"A7v\",\"article\":\"条26\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            await RefusedAsync(answer, code);
        }
        foreach (var bad in new[] { good with { IssuerCode = "91330106MA2CFLDG4X" }, good with { Amount = 0 }, good with { DocumentHash = "x" }, good with { Kind = "friend" }, good with { Number = "" } })
            Assert.Equal(HttpStatusCode.BadRequest, (await PresentAsync(lot, bidder, bad)).StatusCode);
        await PresentedAsync(lot, bidder, good);
        await RefusedAsync(await PresentAsync(lot, bidder, LetterFor(lot)), "guarantee-letter-pending");
        Assert.Equal(HttpStatusCode.NotFound, (await PresentAsync(lot, host.NewBidder(), LetterFor(lot))).StatusCode);
        host.Clock.MoveTo(lot.BidDeadline);
        await RefusedAsync(await PresentAsync(lot, await host.RegisterAsync(lot), LetterFor(lot)), "guarantee-letter-too-late");
    }

    [Fact]
    public async Task Who_presents_anothers_letter_learns_nothing_and_the_paper_secures_one_bid()
    {
        var lot = await PublishAsync();
        var (owner, prober, paper) = (await host.RegisterAsync(lot), await host.RegisterAsync(lot), LetterFor(lot));
        var own = await PresentedAsync(lot, owner, paper);
        // The answer is that to a letter which nobody has presented.
        Task<HttpResponseMessage> ProbeAsync(PresentGuaranteeLetter.Request request) => PresentAsync(lot, prober, request);
        var (probe, fresh) = (await ProbeAsync(paper), await PresentAsync(lot, await host.RegisterAsync(lot), LetterFor(lot)));
        Assert.Equal((HttpStatusCode.Created, fresh.StatusCode), (probe.StatusCode, probe.StatusCode));
        var other = (await EscrowHost.ReadAsync<PresentGuaranteeLetter.Response>(probe)).LetterId;
        Assert.Equal(HttpStatusCode.OK, (await VerifyAsync(own)).StatusCode);
        Assert.Equal(DepositState.Presented, (await host.DepositAsync(lot, prober)).State);
        await RefusedAsync(await VerifyAsync(other), "guarantee-letter-used");
        Assert.Equal(HttpStatusCode.OK, (await VerifyAsync(other, genuine: false, "The issuer made it out to another.")).StatusCode);
        Assert.Equal(HttpStatusCode.Created, (await ProbeAsync(paper)).StatusCode);
        // One's own may be named: for a second lot another letter is needed.
        var second = await PublishAsync();
        await host.RegisterAsync(second, owner);
        await RefusedAsync(await PresentAsync(second, owner, LetterFor(second) with { Number = paper.Number }), "guarantee-letter-used");
    }

    [Fact]
    public async Task Both_papers_that_are_verified_at_once_secure_one_bid()
    {
        for (var round = 0; round < 3; round++)
        {
            var (lot, another) = (await PublishAsync(), await PublishAsync());
            var paper = LetterFor(lot);
            var letters = new[] { await PresentedAsync(lot, await host.RegisterAsync(lot), paper), await PresentedAsync(another, await host.RegisterAsync(another), LetterFor(another) with { Number = paper.Number }) };
            var answers = await Task.WhenAll(letters.Select(l => VerifyAsync(l)));
            Assert.Equal([HttpStatusCode.OK, HttpStatusCode.Conflict], answers.Select(a => a.StatusCode).Order());
        }
    }

    [Fact]
    public async Task Where_the_documents_say_nothing_no_letter_is_taken_and_nobody_is_exempt()
    {
        var lot = await host.PublishAsync();
        var bidder = await host.RegisterAsync(lot);
        await RefusedAsync(await PresentAsync(lot, bidder, new("bank", EscrowHost.BankCode, "Bank", "L1", lot.Deposit, "CNY", LotOf.Tenderer, new DateOnly(2027, 1, 1), Hash)), "guarantee-letter-not-taken");
        await RefusedAsync(await host.As(Roles.Bidder, bidder.Id).PostAsync($"/api/escrow/lots/{lot.LotId}/exemption", new DeclareExemption.Request("small-enterprise", Hash)), "exemption-not-allowed");
    }

    [Fact]
    public async Task A_letter_that_is_not_genuine_is_refused_with_a_reason_and_another_may_come()
    {
        var lot = await PublishAsync();
        var bidder = await host.RegisterAsync(lot);
        var letter = await PresentedAsync(lot, bidder);
        Assert.Equal(HttpStatusCode.BadRequest, (await VerifyAsync(letter, genuine: false)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await VerifyAsync(letter, genuine: false, "The issuer does not know it.")).StatusCode);
        Assert.Single(await host.PublishedAsync<DepositRefused, EscrowDb>(), e => e.LotId == lot.LotId && e.Code == "guarantee-letter-refused" && e.Reason == "The issuer does not know it.");
        Assert.Equal(DepositState.Refused, (await host.DepositAsync(lot, bidder)).State);
        await VerifyAsync(await PresentedAsync(lot, bidder));
        Assert.Equal(DepositState.Secured, (await host.DepositAsync(lot, bidder)).State);
    }

    [Fact]
    public async Task The_banks_machine_verifies_the_banks_own_letters_and_no_other()
    {
        var lot = await PublishAsync();
        var (own, other) = (await PresentedAsync(lot, await host.RegisterAsync(lot)), await PresentedAsync(lot, await host.RegisterAsync(lot), LetterFor(lot) with { IssuerCode = "91440300708461136T" }));
        Assert.Equal(HttpStatusCode.NotFound, (await VerifyAsync(other, by: host.As(Roles.Bank))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await VerifyAsync(own, by: host.As(Roles.Bank))).StatusCode);
        foreach (var role in Roles.All.Where(r => r is not (Roles.Finance or Roles.Bank))) Assert.Equal(HttpStatusCode.Forbidden, (await VerifyAsync(other, by: host.As(role))).StatusCode);
    }

    [Fact]
    public async Task A_letter_is_given_back_when_a_deposit_would_be()
    {
        foreach (var ruleSet in new[] { "cn-tendering", "cn-procurement" })
        {
            var (lot, winner, _) = await SecuredAsync(ruleSet);
            var loser = await host.RegisterAsync(lot);
            await VerifyAsync(await PresentedAsync(lot, loser));
            var withdrawn = await host.RegisterAsync(lot);
            await VerifyAsync(await PresentedAsync(lot, withdrawn));
            await host.HearAsync(withdrawn.Withdrew(lot, host.Clock.GetUtcNow()));
            await host.EventuallyDepositAsync(lot, withdrawn, DepositState.Released);
            await host.HearAsync(lot.Noticed(winner, host.Clock.GetUtcNow()));
            await host.HearAsync(lot.Contracted(winner, host.Clock.GetUtcNow()));
            await host.EventuallyDepositAsync(lot, winner, DepositState.Released);
            await host.EventuallyDepositAsync(lot, loser, DepositState.Released);
            var told = (await host.PublishedAsync<DepositReleased, EscrowDb>()).Where(e => e.LotId == lot.LotId).ToArray();
            Assert.Equal(3, told.Length);
            Assert.All(told, e => Assert.Equal("guarantee-letter", e.Kind));
            Assert.Equal(ruleSet == "cn-tendering" ? "A11" : "B5l", told.Single(e => e.BidderId == loser.Id).Rule);
            Assert.Empty(await host.OrdersToAsync(loser));
        }
    }

    [Fact]
    public async Task A_claim_is_outstanding_until_the_issuers_money_came_and_that_goes_to_the_treasury()
    {
        var (lot, bidder, letter) = await SecuredAsync();
        var claim = new ClaimGuaranteeLetter.Request(lot.Deposit / 2, "D-2026-9", Hash);
        await RefusedAsync(await _finance.PostAsync($"/api/escrow/guarantee-letters/{letter}/claim", claim), "forfeiture-without-ground");
        await host.HearAsync(bidder.NotOpened(lot, "revoked", host.Clock.GetUtcNow()));
        await host.RegisterAsync(lot);
        await RefusedAsync(await _finance.PostAsync($"/api/escrow/guarantee-letters/{letter}/claim", claim with { Amount = lot.Deposit + 1 }), "claim-exceeds-letter");
        var answer = await _finance.PostAsync($"/api/escrow/guarantee-letters/{letter}/claim", claim);
        Assert.True(answer.StatusCode == HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        var claimed = await EscrowHost.ReadAsync<ClaimGuaranteeLetter.Response>(answer);
        Assert.Equal((LetterStage.Claimed, lot.Deposit / 2, lot.Deposit / 2), ((await ItemAsync(lot)).Stage, (await ItemAsync(lot)).Claimed, (await ItemAsync(lot)).Outstanding));
        Assert.Equal(DepositState.Forfeited, (await host.DepositAsync(lot, bidder)).State);

        // In two payments, and one that is too much goes back.
        var notice = new BankNotice($"B{Guid.NewGuid():N}", claimed.ClaimAccount, lot.Deposit / 4, "CNY", "9999000011112222", "Bank of the town", host.Clock.GetUtcNow());
        Assert.Equal(Outcome.Claim, (await host.TakenAsync(notice)).Outcome);
        Assert.Equal(Outcome.Claim, (await host.TakenAsync(notice)).Outcome);
        Assert.Equal(lot.Deposit / 4, (await ItemAsync(lot)).Outstanding);
        Assert.Equal(Outcome.Suspense, (await host.TakenAsync(notice with { Reference = $"B{Guid.NewGuid():N}", Amount = lot.Deposit })).Outcome);
        Assert.Equal(Outcome.Claim, (await host.TakenAsync(notice with { Reference = $"B{Guid.NewGuid():N}#7" })).Outcome);
        Assert.Equal((LetterStage.Paid, 0), ((await ItemAsync(lot)).Stage, (await ItemAsync(lot)).Outstanding));
        await host.BooksHoldAsync();
        var orders = (await host.OrdersAsync()).Where(o => o.ToAccount == EscrowHost.TreasuryAccount && o.Purpose.Contains("D-2026-9", StringComparison.Ordinal)).ToArray();
        Assert.Equal([lot.Deposit / 4, lot.Deposit / 4], orders.Select(o => o.Amount));
        foreach (var order in orders) Assert.True((await host.ConfirmAsync(order.Id, $"P{order.Id:N}")).IsSuccessStatusCode);
        Assert.Equal(2, (await host.PublishedAsync<ForfeitPaid, EscrowDb>()).Count(e => e.LotId == lot.LotId && e.BidderId == bidder.Id && e.DecisionNumber == "D-2026-9"));
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task The_letter_of_a_revoked_bid_is_kept_until_somebody_has_decided()
    {
        var (lot, bidder, letter) = await SecuredAsync();
        var winner = await host.SecureAsync(lot);
        await host.HearAsync(bidder.NotOpened(lot, "revoked", host.Clock.GetUtcNow()));
        await host.RegisterAsync(lot);
        await host.HearAsync(lot.Contracted(winner, host.Clock.GetUtcNow()));
        await host.EventuallyDepositAsync(lot, winner, DepositState.Released);
        Assert.Equal(LetterStage.Verified, (await ItemAsync(lot)).Stage);
        var waiver = await _finance.PostAsync("/api/escrow/deposits/waivers", new WaiveForfeiture.Request(lot.LotId, bidder.Id, "D-2026-12", Hash));
        Assert.True((await EscrowHost.ReadAsync<WaiveForfeiture.Response>(waiver)).Released);
        Assert.Equal(LetterStage.Released, (await ItemAsync(lot)).Stage);
        await RefusedAsync(await _finance.PostAsync($"/api/escrow/guarantee-letters/{letter}/claim", new ClaimGuaranteeLetter.Request(null, "D", Hash)), "deposit-not-held");
    }

    [Fact]
    public async Task The_letter_of_who_did_not_sign_may_be_claimed_after_the_next_was_named_and_has_signed()
    {
        var (lot, former, letter) = await SecuredAsync();
        var next = await host.SecureAsync(lot);
        var notice = lot.Noticed(former, host.Clock.GetUtcNow());
        await host.HearAsync(notice);
        host.Clock.MoveTo(notice.ContractDueBy);
        await host.HearAsync(lot.Noticed(next, host.Clock.GetUtcNow()));
        await host.HearAsync(lot.Contracted(next, host.Clock.GetUtcNow()));
        await host.EventuallyDepositAsync(lot, next, DepositState.Released);
        Assert.Equal((LetterStage.Verified, true), ((await ItemAsync(lot)).Stage, (await ItemAsync(lot)).AwaitsDecision));
        Assert.Equal(HttpStatusCode.Created, (await _finance.PostAsync($"/api/escrow/guarantee-letters/{letter}/claim", new ClaimGuaranteeLetter.Request(null, "D-2026-11", Hash))).StatusCode);
        Assert.Single(await host.PublishedAsync<GuaranteeLetterClaimed, EscrowDb>(), e => e.BidderId == former.Id && e.Rule == "AX6" && e.DecisionNumber == "D-2026-11");
        Assert.False((await ItemAsync(lot)).AwaitsDecision);
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task What_the_issuer_paid_to_nowhere_is_taken_for_the_claim_by_a_document_up_to_what_is_outstanding()
    {
        var (lot, bidder, letter) = await SecuredAsync();
        await host.HearAsync(bidder.NotOpened(lot, "revoked", host.Clock.GetUtcNow()));
        await host.RegisterAsync(lot);
        var claimed = await EscrowHost.ReadAsync<ClaimGuaranteeLetter.Response>(await _finance.PostAsync($"/api/escrow/guarantee-letters/{letter}/claim", new ClaimGuaranteeLetter.Request(null, "D-2026-10", Hash)));
        var notice = new BankNotice($"B{Guid.NewGuid():N}", claimed.ClaimAccount, lot.Deposit / 4, "CNY", "9999000011112222", "Bank of the town", host.Clock.GetUtcNow());
        async Task<ListWorkItems.Item> ListedAsync(long amount)
        {
            var line = (notice with { Reference = $"B{Guid.NewGuid():N}", Amount = amount }).Line with { CreditorAccount = null, Remittance = $"claim {claimed.ClaimAccount}" };
            Assert.Equal("no-virtual-account", Assert.Single((await host.ImportedAsync(new CamtText(false, 8, line) { CreatedAt = EscrowHost.Text(host.Clock.GetUtcNow()) })).Entries).Code);
            return Assert.Single(await EscrowHost.ReadAsync<ListWorkItems.Item[]>(await _finance.GetAsync("/api/escrow/work-items")), i => i.Reference == line.Reference);
        }
        Task<HttpResponseMessage> AssignAsync(ListWorkItems.Item to, string account) => _finance.PostAsync($"/api/escrow/work-items/{to.Id}/resolution", new ResolveWorkItem.Request(Resolution.Assign, "BANK-17", SubAccount: account));

        var item = await ListedAsync(lot.Deposit / 4);
        Assert.Contains(item.Suggestions, s => s.Resolution == Resolution.Assign && s.Target == letter && s.Reason.Contains("paid by the issuer", StringComparison.Ordinal) && s.Reason.Contains("payer's text", StringComparison.Ordinal));
        await RefusedAsync(await AssignAsync(item, VirtualAccountNumber.New()), "deposit-unknown-account");
        var taken = await AssignAsync(item, claimed.ClaimAccount);
        Assert.True(taken.StatusCode == HttpStatusCode.OK, await taken.Content.ReadAsStringAsync());
        Assert.Equal((LetterStage.Claimed, lot.Deposit / 4 * 3), ((await ItemAsync(lot)).Stage, (await ItemAsync(lot)).Outstanding));
        Assert.Single(await host.PublishedAsync<WorkItemResolved, EscrowDb>(), e => e.WorkItemId == item.Id && e.LotId == lot.LotId && e.BidderId == bidder.Id && e.DocumentNumber == "BANK-17");
        await host.BooksHoldAsync();

        var more = await ListedAsync(lot.Deposit);
        Assert.DoesNotContain(more.Suggestions, s => s.Target == letter);
        await RefusedAsync(await AssignAsync(more, claimed.ClaimAccount), "claim-not-outstanding");
        var order = (await EscrowHost.ReadAsync<ResolveWorkItem.Response>(taken)).OrderId!.Value;
        Assert.True((await host.ConfirmAsync(order, $"P{order:N}")).IsSuccessStatusCode);
        Assert.Single(await host.PublishedAsync<ForfeitPaid, EscrowDb>(), e => e.LotId == lot.LotId && e.BidderId == bidder.Id && e.Amount == lot.Deposit / 4 && e.DecisionNumber == "D-2026-10");
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task A_letter_that_ends_while_the_bid_binds_is_told_before_and_when_it_has_ended()
    {
        var (lot, bidder, letter) = await SecuredAsync();
        Task<IReadOnlyList<GuaranteeLetterExpiryWarned>> ToldAsync() => host.PublishedAsync<GuaranteeLetterExpiryWarned, EscrowDb>();
        host.Clock.MoveTo(new DateTimeOffset(BindsThrough(lot).AddDays(1 - GuaranteeLetter.WarningDays).ToDateTime(TimeOnly.MinValue), TimeSpan.FromHours(8)).ToUniversalTime());
        await ServiceFixture.EventuallyAsync(async () => (await ToldAsync()).Any(e => e.LetterId == letter), "the warning");
        Assert.False(Assert.Single(await ToldAsync(), e => e.LetterId == letter).HasExpired);
        host.Clock.MoveTo(new DateTimeOffset(BindsThrough(lot).AddDays(1).ToDateTime(TimeOnly.MinValue), TimeSpan.FromHours(8)).ToUniversalTime());
        await ServiceFixture.EventuallyAsync(async () => (await ToldAsync()).Count(e => e.LetterId == letter) == 2, "the end");
        Assert.True((await host.DepositAsync(lot, bidder)).Letter!.HasExpired);
        await host.HearAsync(bidder.NotOpened(lot, "revoked", host.Clock.GetUtcNow()));
        await host.RegisterAsync(lot);
        await RefusedAsync(await _finance.PostAsync($"/api/escrow/guarantee-letters/{letter}/claim", new ClaimGuaranteeLetter.Request(null, "D", Hash)), "guarantee-letter-expired");
    }

    [Fact]
    public async Task A_payment_and_a_verification_at_once_secure_the_bid_once()
    {
        for (var round = 0; round < 5; round++)
        {
            var lot = await PublishAsync();
            var bidder = await host.RegisterAsync(lot);
            var letter = await PresentedAsync(lot, bidder);
            var verifying = VerifyAsync(letter);
            var taken = await host.TakenAsync(host.NoticeOf(lot, bidder));
            var isVerified = (await verifying).StatusCode == HttpStatusCode.OK;
            Assert.NotEqual(isVerified, taken.Outcome == Outcome.Secured);
            Assert.Single(await host.PublishedAsync<DepositSecured, EscrowDb>(), e => e.LotId == lot.LotId);
        }
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task An_exemption_that_the_documents_allow_secures_the_bid_without_money()
    {
        var lot = await PublishAsync();
        var (bidder, other) = (await host.RegisterAsync(lot), await host.RegisterAsync(lot));
        Task<HttpResponseMessage> DeclareAsync(Bidder who, string ground) => host.As(Roles.Bidder, who.Id).PostAsync($"/api/escrow/lots/{lot.LotId}/exemption", new DeclareExemption.Request(ground, Hash));
        await RefusedAsync(await DeclareAsync(bidder, "well-known"), "exemption-not-allowed");
        Assert.Equal(HttpStatusCode.Created, (await DeclareAsync(bidder, "small-enterprise")).StatusCode);
        await RefusedAsync(await DeclareAsync(bidder, "small-enterprise"), "deposit-secured-already");
        Assert.Single(await host.PublishedAsync<DepositSecured, EscrowDb>(), e => e.LotId == lot.LotId && e.Kind == "exemption" && e.Amount == 0);
        Assert.Equal((DepositState.Secured, "exemption"), ((await host.DepositAsync(lot, bidder)).State, (await host.DepositAsync(lot, bidder)).Kind));
        Assert.Equal("deposit-paid-twice", (await host.TakenAsync(host.NoticeOf(lot, bidder))).Code);
        host.Clock.MoveTo(lot.BidDeadline);
        await RefusedAsync(await DeclareAsync(other, "small-enterprise"), "exemption-too-late");
        await host.BooksHoldAsync();
    }
}
