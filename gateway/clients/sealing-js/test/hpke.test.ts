import { describe, expect, it } from "vitest";
import { concat, toBase64Url, toHex, utf8 } from "../src/bytes.js";
import { hpkeOpen, hpkeSeal, keySchedule, P256, rawPoint, sealWith, sharedSecret } from "../src/hpke.js";
import { hex, vectors } from "./vectors.js";

interface SetUp {
  suite: string;
  mode: number;
  info: string;
  skEm: string;
  pkEm: string;
  skRm: string;
  pkRm: string;
  enc: string;
  shared_secret: string;
  key: string;
  base_nonce: string;
  encryptions: { sequence_number: string; pt: string; aad: string; nonce: string; ct: string }[];
}

const published = vectors<SetUp[]>("hpke/rfc9180-appendix-a.json")?.find((v) => v.suite === "DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM" && v.mode === 0);

async function pair(secret: string, point: string): Promise<CryptoKeyPair> {
  const [x, y] = [hex(point).slice(1, 33), hex(point).slice(33)].map(toBase64Url) as [string, string];
  const jwk = { kty: "EC", crv: "P-256", x, y };
  return {
    privateKey: await crypto.subtle.importKey("jwk", { ...jwk, d: toBase64Url(hex(secret)) }, P256, true, ["deriveBits"]),
    publicKey: await crypto.subtle.importKey("jwk", jwk, P256, true, []),
  };
}

const generate = async (): Promise<CryptoKeyPair> => (await crypto.subtle.generateKey(P256, true, ["deriveBits"])) as CryptoKeyPair;

describe.skipIf(!published)("RFC 9180 appendix A.3.1", () => {
  const v = published!;

  it("gives the key schedule", async () => {
    const [ephemeral, recipient] = [await pair(v.skEm, v.pkEm), await pair(v.skRm, v.pkRm)];
    const enc = await rawPoint(ephemeral.publicKey);
    expect(toHex(enc)).toBe(v.enc);
    const secret = await sharedSecret(ephemeral.privateKey, hex(v.pkRm), enc, hex(v.pkRm));
    expect(toHex(secret)).toBe(v.shared_secret);
    expect(toHex(await sharedSecret(recipient.privateKey, enc, enc, hex(v.pkRm)))).toBe(v.shared_secret);
    const { key, nonce } = await keySchedule(secret, hex(v.info));
    expect([toHex(key), toHex(nonce)]).toEqual([v.key, v.base_nonce]);
  });

  it("gives the first encryption, sealed and opened", async () => {
    const first = v.encryptions[0]!;
    const whole = concat(hex(v.enc), hex(first.ct));
    expect(toHex(await sealWith(await pair(v.skEm, v.pkEm), hex(v.pkRm), hex(v.info), hex(first.aad), hex(first.pt)))).toBe(toHex(whole));
    expect(toHex(await hpkeOpen(await pair(v.skRm, v.pkRm), hex(v.info), hex(first.aad), whole))).toBe(first.pt);
  });

  it("gives every encryption from the derived key", async () => {
    const { key, nonce } = await keySchedule(hex(v.shared_secret), hex(v.info));
    const aes = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
    for (const e of v.encryptions) {
      const iv = nonce.slice();
      const low = new DataView(iv.buffer);
      low.setUint32(8, low.getUint32(8) ^ Number(e.sequence_number));
      expect(toHex(iv)).toBe(e.nonce);
      const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: hex(e.aad) }, aes, hex(e.pt));
      expect(toHex(new Uint8Array(sealed))).toBe(e.ct);
    }
  });
});

describe("HPKE", () => {
  it("notices any flipped bit", async () => {
    const recipient = await generate();
    const sealed = await hpkeSeal(await rawPoint(recipient.publicKey), utf8("info"), utf8("aad"), utf8("share"));
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = sealed.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      await expect(hpkeOpen(recipient, utf8("info"), utf8("aad"), changed)).rejects.toMatchObject({ code: "hpke.not-opened" });
    }
  });

  it("does not open with another info, aad or key, nor what is cut short", async () => {
    const [recipient, other] = [await generate(), await generate()];
    const sealed = await hpkeSeal(await rawPoint(recipient.publicKey), utf8("info"), utf8("aad"), utf8("share"));
    const refused = { code: "hpke.not-opened" };
    await expect(hpkeOpen(recipient, utf8("inf0"), utf8("aad"), sealed)).rejects.toMatchObject(refused);
    await expect(hpkeOpen(recipient, utf8("info"), utf8("aae"), sealed)).rejects.toMatchObject(refused);
    await expect(hpkeOpen(other, utf8("info"), utf8("aad"), sealed)).rejects.toMatchObject(refused);
    await expect(hpkeOpen(recipient, utf8("info"), utf8("aad"), sealed.slice(0, 80))).rejects.toMatchObject(refused);
    expect(await hpkeOpen(recipient, utf8("info"), utf8("aad"), sealed)).toEqual(utf8("share"));
  });

  it("refuses a recipient off the curve", async () => {
    const point = await rawPoint((await generate()).publicKey);
    const off = point.slice();
    off[64]! ^= 1;
    for (const bad of [off, new Uint8Array(65), Uint8Array.of(4, ...new Uint8Array(64)), point.slice(0, 33)]) {
      await expect(hpkeSeal(bad, utf8("i"), utf8("a"), utf8("x"))).rejects.toMatchObject({ code: "key.not-a-point" });
    }
  });
});
