import { describe, expect, it } from "vitest";
import { concat, toBase64, toBase64Url, utf8 } from "../src/bytes.js";
import { CustodianKey } from "../src/keys.js";
import { verifyReceipt } from "../src/receipt.js";
import { SigningKey } from "../src/signing.js";

describe("a key", () => {
  it("comes back from its PEM and its protected file, and only with its passphrase", async () => {
    const key = await CustodianKey.generate();
    expect((await CustodianKey.importPem(await key.exportPem())).publicKey).toBe(key.publicKey);
    const file = await key.exportProtected("pässphrase");
    expect(file).not.toContain(toBase64(utf8("pässphrase")));
    expect((await CustodianKey.importProtected(file, "pa\u0308ssphrase")).publicKey).toBe(key.publicKey);
    await expect(CustodianKey.importProtected(file, "passphrase")).rejects.toMatchObject({ code: "key-file.passphrase" });
    const other = await CustodianKey.generate();
    await expect(CustodianKey.importProtected(file.replace(key.publicKey, other.publicKey), "pässphrase")).rejects.toMatchObject({ code: "key-file.passphrase" });
  });

  it.each(["", "{}", "[]", "null", '{"version":1}'])("file %j is malformed", async (json) => {
    await expect(CustodianKey.importProtected(json, "x")).rejects.toMatchObject({ code: "key-file.malformed" });
  });

  it("file with few rounds, or so many that it would stop the machine, is malformed", async () => {
    const file = await (await CustodianKey.generate()).exportProtected("x");
    for (const rounds of ["1", "599999", "10000001", "1e300"]) {
      await expect(CustodianKey.importProtected(file.replace("600000", rounds), "x")).rejects.toMatchObject({ code: "key-file.malformed" });
    }
  });

  it("of a certificate signs for its own certificate only", async () => {
    const key = await SigningKey.generate();
    expect(await key.certificateRequest("Bidder")).toMatch(/^-----BEGIN CERTIFICATE REQUEST-----\n/);
    await expect(key.signManifest({} as never, "no certificate")).rejects.toMatchObject({ code: "pem.missing" });
  });
});

describe("a receipt", () => {
  const claims = '{"bid":"0194a5b0-0000-7000-8000-000000000001","bidder":"0194a5b0-0000-7000-8000-000000000002","lot":"0194a5b0-0000-7000-8000-000000000003",'
    + `"manifestHash":"${"ab".repeat(32)}","revision":1,"tender":"0194a5b0-0000-7000-8000-000000000004","time":"2026-03-01T01:02:03.456789Z"}`;

  async function sign(header: string, payload: string, pair: CryptoKeyPair): Promise<string> {
    const signed = `${toBase64Url(utf8(header))}.${toBase64Url(utf8(payload))}`;
    const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, utf8(signed));
    return `${signed}.${toBase64Url(new Uint8Array(signature))}`;
  }

  it("is believed with the platform's signature and in its one form only", async () => {
    const pair = (await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"])) as CryptoKeyPair;
    const jwk = await crypto.subtle.exportKey("jwk", pair.publicKey);
    const header = '{"alg":"ES256","kid":"k","typ":"tendering-receipt"}';
    const good = await sign(header, claims, pair);
    expect(await verifyReceipt(good, jwk)).toMatchObject({ revision: 1, manifestHash: "ab".repeat(32) });
    const bad = [
      await sign(header.replace("ES256", "none"), claims, pair), await sign(header.replace("tendering-receipt", "other"), claims, pair), await sign(header.replace("}", ',"x":1}'), claims, pair),
      await sign(header, claims.replace("{", "{ "), pair), await sign(header, claims.replace('"revision":1,', ""), pair), `${good}.`, good.slice(0, -1), `${good}=`, "", "a.b.c",
      concat(utf8(good)).toString(),
    ];
    for (const jws of bad) expect(await verifyReceipt(jws, jwk)).toBeNull();
    const other = (await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"])) as CryptoKeyPair;
    expect(await verifyReceipt(good, await crypto.subtle.exportKey("jwk", other.publicKey))).toBeNull();
  });
});
