import { describe, expect, it } from "vitest";
import { concat, toBase64Url, toHex, tryFromBase64Url, utf8 } from "../src/bytes.js";
import { CustodianKey } from "../src/keys.js";
import { canonicalManifest, manifestHash, parseManifest, PARTS, partOf, type BidManifest, type ManifestPart } from "../src/manifest.js";
import { ciphertextMatches, commitmentHolds, openPart, openRecoveryCopy, openShare, rebuildKey, shareMatches } from "../src/opener.js";
import { parseSchedule } from "../src/schedule.js";
import { seal } from "../src/sealer.js";
import { readAll, streamOf } from "../src/streams.js";
import { seeded } from "./randomness.js";
import { makeBid, sink } from "./sealedBid.js";

const withPart = (manifest: BidManifest, change: Partial<ManifestPart>): BidManifest => ({ ...manifest, parts: [{ ...manifest.parts[0]!, ...change }, manifest.parts[1]!] });

describe("a sealed bid", () => {
  it("is opened by any two of three custodians, and by the recovery key", async () => {
    const random = seeded();
    const plain = random.bytes(200_000);
    const bid = await makeBid(plain);
    const manifest = await parseManifest(canonicalManifest(bid.manifest));
    for (const chosen of [[1, 2], [1, 3], [2, 3], [1, 2, 3]]) {
      const shares = await Promise.all(chosen.map((i) => openShare(manifest, "files", i, bid.custodians[i - 1]!)));
      const cek = rebuildKey(shares);
      expect(await commitmentHolds(manifest, "files", cek)).toBe(true);
      expect(Buffer.compare(await readAll(await openPart(manifest, "files", cek, streamOf(bid.files))), plain)).toBe(0);
    }
    const cek = await openRecoveryCopy(manifest, "price", bid.recovery);
    expect(parseSchedule(await readAll(await openPart(manifest, "price", cek, streamOf(bid.price))), manifest)).toEqual(bid.schedule);
    expect(await ciphertextMatches(manifest, "files", streamOf(bid.files))).toBe(true);
  });

  it("has another key, prefix and shares each time", async () => {
    const [a, b] = [await makeBid(utf8("same")), await makeBid(utf8("same"))];
    for (const part of PARTS) expect(partOf(a.manifest, part).commitment).not.toBe(partOf(b.manifest, part).commitment);
    expect(toHex(a.price.subarray(0, 7))).not.toBe(toHex(b.price.subarray(0, 7)));
  });

  it("a share that was changed, exchanged or of another custodian is named", async () => {
    const bid = await makeBid(utf8("files"));
    const share = await openShare(bid.manifest, "price", 2, bid.custodians[1]!);
    expect(await shareMatches(bid.manifest, "price", 2, share)).toBe(true);
    for (const index of [0, 1, 3, 4]) expect(await shareMatches(bid.manifest, "price", index, share)).toBe(false);
    expect(await shareMatches(bid.manifest, "files", 2, share)).toBe(false);
    const wrong = share.slice();
    wrong[5]! ^= 1;
    expect(await shareMatches(bid.manifest, "price", 2, wrong)).toBe(false);
    await expect(openShare(bid.manifest, "price", 1, bid.custodians[1]!)).rejects.toMatchObject({ code: "opening.other-key" });
    const { sealedShares } = bid.manifest.parts[0]!;
    const swapped = withPart(bid.manifest, { sealedShares: [sealedShares[1]!, sealedShares[0]!, sealedShares[2]!] });
    await expect(openShare(swapped, "price", 1, bid.custodians[0]!)).rejects.toMatchObject({ code: "opening.share-sealed-wrong" });
    const { shareHashes } = bid.manifest.parts[0]!;
    const renamed = withPart(bid.manifest, { shareHashes: [shareHashes[1]!, shareHashes[0]!, shareHashes[2]!] });
    await expect(openShare(renamed, "price", 1, bid.custodians[0]!)).rejects.toMatchObject({ code: "opening.share-differs" });
  });

  it("gives nothing to shares of another bid, however well they open there", async () => {
    const [a, b] = [await makeBid(utf8("a")), await makeBid(utf8("b"))];
    const shares = await Promise.all([1, 2].map((i) => openShare(b.manifest, "price", i, b.custodians[i - 1]!)));
    for (const [i, share] of shares.entries()) expect(await shareMatches(a.manifest, "price", i + 1, share)).toBe(false);
    await expect(openPart(a.manifest, "price", rebuildKey(shares), streamOf(a.price))).rejects.toMatchObject({ code: "opening.commitment" });
  });

  it("cannot be moved to another tender, lot, bidder, revision or part", async () => {
    const bid = await makeBid(utf8("files"));
    const cek = await openRecoveryCopy(bid.manifest, "price", bid.recovery);
    const moves: Partial<BidManifest>[] = [{ tender: crypto.randomUUID() }, { lot: crypto.randomUUID() }, { bidder: crypto.randomUUID() }, { revision: 2 }];
    for (const move of moves) {
      const moved = { ...bid.manifest, ...move };
      await expect(openShare(moved, "price", 1, bid.custodians[0]!)).rejects.toMatchObject({ code: "opening.share-sealed-wrong" });
      await expect(openRecoveryCopy(moved, "price", bid.recovery)).rejects.toMatchObject({ code: "opening.recovery-copy" });
      await expect(openPart(moved, "price", cek, streamOf(bid.price)).then(readAll)).rejects.toMatchObject({ code: "cipher.changed" });
    }
    const exchanged = { ...bid.manifest, parts: [{ ...bid.manifest.parts[1]!, name: "price" as const }, { ...bid.manifest.parts[0]!, name: "files" as const }] };
    await expect(openRecoveryCopy(exchanged, "price", bid.recovery)).rejects.toMatchObject({ code: "opening.recovery-copy" });
  });

  // AES-GCM does not commit to its key: for one tag two keys can be found under which one ciphertext opens to two texts. What stands in the way is the commitment.
  it("opens to one price only: a second key, were it to decrypt, is not the committed one", async () => {
    const bid = await makeBid(utf8("files"));
    const second = crypto.getRandomValues(new Uint8Array(32));
    expect(await commitmentHolds(bid.manifest, "price", second)).toBe(false);
    await expect(openPart(bid.manifest, "price", second, streamOf(bid.price))).rejects.toMatchObject({ code: "opening.commitment" });
    // A bidder whose shares give another key than the recovery copy has committed to one of them at most.
    const other = await makeBid(utf8("files"), { ...bid.request });
    const two = withPart(bid.manifest, { sealedRecoveryCopy: other.manifest.parts[0]!.sealedRecoveryCopy });
    await expect(openRecoveryCopy(two, "price", bid.recovery)).rejects.toMatchObject({ code: "opening.commitment" });
  });

  it("shows any bit flipped in a stored ciphertext, and one that is cut or goes on", async () => {
    const random = seeded();
    const bid = await makeBid(random.bytes(300));
    for (let bit = 0; bit < bid.files.length * 8; bit += 1 + random.next(40)) {
      const changed = bid.files.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(await ciphertextMatches(bid.manifest, "files", streamOf(changed))).toBe(false);
    }
    expect(await ciphertextMatches(bid.manifest, "files", streamOf(bid.files.slice(0, -1)))).toBe(false);
    expect(await ciphertextMatches(bid.manifest, "files", streamOf(bid.files, Uint8Array.of(0)))).toBe(false);
    expect(await ciphertextMatches(bid.manifest, "files", streamOf())).toBe(false);
  });

  it("of nothing but a price has an empty archive's ciphertext", async () => {
    const bid = await makeBid(new Uint8Array(0));
    expect(partOf(bid.manifest, "files").length).toBe(23);
    expect((await readAll(await openPart(bid.manifest, "files", await openRecoveryCopy(bid.manifest, "files", bid.recovery), streamOf(bid.files)))).length).toBe(0);
  });
});

describe("a sealing request", () => {
  const refused = async (change: object, code: string): Promise<void> => {
    const bid = await makeBid(utf8("x"));
    const [price, files] = [sink(), sink()];
    await expect(seal({ ...bid.request, ...change }, { plain: streamOf(utf8("p")), cipher: price.stream }, { plain: streamOf(utf8("f")), cipher: files.stream })).rejects.toMatchObject({ code });
    expect((await price.bytes()).length + (await files.bytes()).length).toBe(0);
  };

  it("that no manifest allows is refused before anything is encrypted", async () => {
    const key = (await CustodianKey.generate()).publicKey;
    const off = tryFromBase64Url(key)!;
    off[64]! ^= 1;
    await refused({ threshold: 1 }, "manifest.threshold");
    await refused({ threshold: 4 }, "manifest.threshold");
    await refused({ custodianKeys: [key, key] }, "manifest.custodians");
    await refused({ custodianKeys: [key] }, "manifest.custodians");
    await refused({ custodianKeys: [key, toBase64Url(off)] }, "manifest.custodians");
    await refused({ recoveryKey: toBase64Url(off) }, "manifest.recovery-key");
    await refused({ revision: 0 }, "manifest.identity");
    await refused({ tender: "00000000-0000-0000-0000-000000000000" }, "manifest.identity");
    await refused({ lot: "not an id" }, "manifest.identity");
  });

  it("whose price is longer than a price may be is refused", async () => {
    await expect(makeBid(utf8("x"), {}, new Uint8Array(64 * 1024 + 1))).rejects.toMatchObject({ code: "manifest.length" });
  });
});

describe("a manifest", () => {
  it("is read from its canonical bytes only", async () => {
    const { manifest } = await makeBid(utf8("x"));
    const text = new TextDecoder().decode(canonicalManifest(manifest));
    expect(await manifestHash(await parseManifest(utf8(text)))).toBe(await manifestHash(manifest));
    const refusals: [string, string][] = [
      [` ${text}`, "manifest.malformed"],
      [text.replace('"version":1', '"version":2'), "manifest.version"],
      [text.replace('"suite":1', '"suite":7'), "manifest.suite"],
      [text.replace('{"bidder"', '{"a":1,"bidder"'), "manifest.malformed"],
      [text.replace('"revision":1,', ""), "manifest.malformed"],
      [text.replace('"revision":1', '"revision":"1"'), "manifest.malformed"],
      [text.replace(manifest.tender, manifest.tender.toUpperCase()), "manifest.identity"],
      ["null", "manifest.malformed"],
      ["[]", "manifest.malformed"],
      ["", "manifest.malformed"],
      ["x".repeat(64 * 1024 + 1), "manifest.too-long"],
    ];
    for (const [bad, code] of refusals) await expect(parseManifest(utf8(bad))).rejects.toMatchObject({ code });
  });

  it("refuses parts that do not fit", async () => {
    const { manifest } = await makeBid(utf8("x"));
    const part = manifest.parts[0]!;
    const refusals: [BidManifest, string][] = [
      [{ ...manifest, parts: [...manifest.parts].reverse() }, "manifest.parts"],
      [{ ...manifest, parts: [part] }, "manifest.parts"],
      [withPart(manifest, { length: 22 }), "manifest.length"],
      [withPart(manifest, { digest: part.digest.toUpperCase() }), "manifest.hash"],
      [withPart(manifest, { commitment: part.commitment.slice(2) }), "manifest.hash"],
      [withPart(manifest, { shareHashes: part.shareHashes.slice(1) }), "manifest.shares"],
      [withPart(manifest, { sealedShares: part.sealedShares.map((share) => share.slice(0, -2)) }), "manifest.shares"],
      [withPart(manifest, { sealedRecoveryCopy: `${part.sealedRecoveryCopy}=` }), "manifest.recovery-copy"],
    ];
    for (const [bad, code] of refusals) await expect(parseManifest(canonicalManifest(bad))).rejects.toMatchObject({ code });
  });
});

describe("a price record", () => {
  it("is refused for the reason that the opening would give", async () => {
    const { schedule, manifest } = await makeBid(utf8("x"));
    const bytes = (change: object): Uint8Array => {
      const value: Record<string, unknown> = { ...schedule, ...change };
      return utf8(JSON.stringify(Object.fromEntries(Object.keys(value).sort().map((key) => [key, value[key]]))));
    };
    expect(parseSchedule(bytes({}), manifest)).toEqual(schedule);
    const refusals: [Uint8Array, string][] = [
      [bytes({ price: 0 }), "schedule.price"], [bytes({ price: 1.5 }), "schedule.price"], [bytes({ currency: "XAU" }), "schedule.currency"], [bytes({ currency: "cny" }), "schedule.currency"],
      [bytes({ deliveryDays: 0 }), "schedule.delivery-days"], [bytes({ remarks: "x".repeat(2001) }), "schedule.too-long"], [bytes({ version: "2" }), "schedule.version"],
      [bytes({ extra: 1 }), "schedule.malformed"], [concat(bytes({}), utf8(" ")), "schedule.malformed"], [utf8("20 yuan"), "schedule.malformed"], [bytes({ price: "100" }), "schedule.malformed"],
      [bytes({ lot: crypto.randomUUID() }), "schedule.identity"], [bytes({ revision: 2 }), "schedule.identity"],
    ];
    for (const [bad, code] of refusals) expect(() => parseSchedule(bad, manifest)).toThrow(expect.objectContaining({ code }) as Error);
  });
});
