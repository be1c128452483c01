import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { utf8 } from "../src/bytes.js";
import { makeComplaint } from "../src/complaint.js";
import { CustodianKey } from "../src/keys.js";
import { parseManifest } from "../src/manifest.js";
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

  it("a complaint is the same as here, byte for byte", async () => {
    const sealedBid = await browser.ask<{ manifest: string; custodian: string }>({ what: "seal", length: 10 });
    const here = await makeComplaint(await parseManifest(utf8(sealedBid.manifest)), "price", 1, await CustodianKey.importPem(sealedBid.custodian));
    expect(await browser.ask({ what: "complain", ...sealedBid })).toEqual({ complaint: here, verdict: "share-is-good" });
  }, 60_000);
});
