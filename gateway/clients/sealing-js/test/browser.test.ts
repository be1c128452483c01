import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Browser, hasChromium } from "./browser/browser.js";

describe.skipIf(!hasChromium())("in Chromium", () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await Browser.start()), 60_000);
  afterAll(async () => browser?.stop());

  it("a bid is sealed into the private file storage and opened from there", async () => {
    const length = 24 * 1024 * 1024 + 12_345;
    const sealedBid = await browser.ask<{ manifest: string; recovery: string }>({ what: "seal", length });
    expect(await browser.ask({ what: "open", ...sealedBid })).toMatchObject({ length, same: true });
  }, 60_000);
});
