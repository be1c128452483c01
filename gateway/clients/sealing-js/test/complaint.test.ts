import { describe, expect, it } from "vitest";
import { toBase64Url, toHex, tryFromBase64Url, tryFromHex, utf8 } from "../src/bytes.js";
import { judgeComplaint, makeComplaint } from "../src/complaint.js";
import { shareInfo } from "../src/context.js";
import { bytesOf, compress, decompress, GENERATOR, multiply, multiplySecret, ORDER, pointOf } from "../src/curve.js";
import { hpkeSeal } from "../src/hpke.js";
import { CustodianKey } from "../src/keys.js";
import type { BidManifest } from "../src/manifest.js";
import { openShare } from "../src/opener.js";
import { makeBid, type SealedBid } from "./sealedBid.js";

const withShare = (manifest: BidManifest, index: number, sealed: string): BidManifest => ({
  ...manifest, parts: [{ ...manifest.parts[0]!, sealedShares: manifest.parts[0]!.sealedShares.map((s, i) => (i === index - 1 ? sealed : s)) }, manifest.parts[1]!],
});

async function wronged(index: number): Promise<{ bid: SealedBid; manifest: BidManifest }> {
  const bid = await makeBid(utf8("files"));
  const other = Uint8Array.from([index, ...crypto.getRandomValues(new Uint8Array(32))]);
  const sealed = await hpkeSeal(tryFromBase64Url(bid.custodians[index - 1]!.publicKey)!, shareInfo(bid.manifest, "price", index), new Uint8Array(0), other);
  return { bid, manifest: withShare(bid.manifest, index, toBase64Url(sealed)) };
}

describe("a complaint", () => {
  it("of a share that is not what its hash names is proven to anybody, and made again is the same", async () => {
    const { bid, manifest } = await wronged(2);
    await expect(openShare(manifest, "price", 2, bid.custodians[1]!)).rejects.toMatchObject({ code: "opening.share-differs" });
    const complaint = await makeComplaint(manifest, "price", 2, bid.custodians[1]!);
    expect(await judgeComplaint(manifest, "price", 2, complaint)).toBe("upheld");
    expect(await makeComplaint(manifest, "price", 2, bid.custodians[1]!)).toEqual(complaint);
  });

  it("of a good share shows that it is good", async () => {
    const bid = await makeBid(utf8("files"));
    for (const part of ["price", "files"] as const) expect(await judgeComplaint(bid.manifest, part, 1, await makeComplaint(bid.manifest, part, 1, bid.custodians[0]!))).toBe("share-is-good");
  });

  it("of what opens to nothing at all is upheld", async () => {
    const bid = await makeBid(utf8("files"));
    const sealed = tryFromBase64Url(bid.manifest.parts[0]!.sealedShares[0]!)!;
    sealed[sealed.length - 1]! ^= 1;
    const manifest = withShare(bid.manifest, 1, toBase64Url(sealed));
    expect(await judgeComplaint(manifest, "price", 1, await makeComplaint(manifest, "price", 1, bid.custodians[0]!))).toBe("upheld");
  });

  it("of what names no point needs no proof", async () => {
    const bid = await makeBid(utf8("files"));
    const manifest = withShare(bid.manifest, 1, toBase64Url(new Uint8Array(114).fill(4)));
    expect(await makeComplaint(manifest, "price", 1, bid.custodians[0]!)).toBeNull();
    expect(await judgeComplaint(manifest, "price", 1, null)).toBe("upheld");
    expect(await judgeComplaint(bid.manifest, "price", 1, null)).toBe("proof-wrong");
  });

  it("with another key, for another custodian, part or bid, or with a bit changed convinces nobody", async () => {
    const { bid, manifest } = await wronged(2);
    const complaint = (await makeComplaint(manifest, "price", 2, bid.custodians[1]!))!;
    expect(await judgeComplaint(manifest, "price", 2, await makeComplaint(manifest, "price", 2, await CustodianKey.generate()))).toBe("proof-wrong");
    for (const [part, index] of [["price", 1], ["price", 3], ["files", 2]] as const) expect(await judgeComplaint(manifest, part, index, complaint)).toBe("proof-wrong");
    expect(await judgeComplaint({ ...manifest, revision: 2 }, "price", 2, complaint)).toBe("proof-wrong");
    const proof = tryFromHex(complaint.proof, 64)!;
    for (const at of [0, 31, 32, 63]) {
      const changed = proof.slice();
      changed[at]! ^= 1;
      expect(await judgeComplaint(manifest, "price", 2, { ...complaint, proof: toHex(changed) })).toBe("proof-wrong");
    }
    const opposite = (complaint.sharedPoint.startsWith("02") ? "03" : "02") + complaint.sharedPoint.slice(2);
    for (const sharedPoint of [opposite, toHex(compress(GENERATOR)), "00".repeat(33), "", complaint.sharedPoint.toUpperCase()]) expect(await judgeComplaint(manifest, "price", 2, { ...complaint, sharedPoint })).toBe("proof-wrong");
    for (const spoilt of ["", complaint.proof.slice(2), toHex(new Uint8Array(64)), "ff".repeat(64)]) expect(await judgeComplaint(manifest, "price", 2, { ...complaint, proof: spoilt })).toBe("proof-wrong");
  });
});

describe("the curve", () => {
  it("multiplies secrets as it does public numbers", async () => {
    for (const number of [1n, 2n, 3n, 0x1234567890abcdefn, ORDER >> 1n, ORDER - 2n, ORDER - 1n]) expect(await multiplySecret(number, GENERATOR)).toEqual(multiply(number, GENERATOR));
    expect(multiply(ORDER, GENERATOR)).toBeNull();
  });

  it("has one form for a point and none for what is no point", () => {
    for (const number of [1n, 2n, 7n]) {
      const point = multiply(number, GENERATOR)!;
      expect(decompress(compress(point))).toEqual(point);
      expect(pointOf(Uint8Array.from([4, ...bytesOf(point.x), ...bytesOf(point.y)]))).toEqual(point);
      expect(pointOf(Uint8Array.from([4, ...bytesOf(point.x), ...bytesOf(point.y + 1n)]))).toBeNull();
    }
    for (const x of [1n, 2n, 3n]) expect(decompress(Uint8Array.from([2, ...bytesOf(x)]))).toBeNull();
    expect(decompress(new Uint8Array(33).fill(255))).toBeNull();
    expect(decompress(new Uint8Array(0))).toBeNull();
  });
});
