import { concat, equal, sha256, toHex, tryFromBase64Url, tryFromHex, utf8, type Bytes } from "./bytes.js";
import { shareInfo } from "./context.js";
import { add, bytesOf, compress, decompress, GENERATOR, multiply, multiplySecret, negate, numberOf, ORDER, pointOf, type CurvePoint } from "./curve.js";
import { ENCAPSULATION_LENGTH, hmac, openWithPoint, TAG_LENGTH } from "./hpke.js";
import type { CustodianKey } from "./keys.js";
import { partOf, type BidManifest, type PartName } from "./manifest.js";
import { shareMatches } from "./opener.js";

/**
 * A custodian shows that a bidder sealed to it something else than the manifest's hash names, without showing its key: the shared point of HPKE (compressed) with a proof
 * that its key gives it (Chaum and Pedersen: c, s), both in lower-case hexadecimal. With the point anybody opens this sealed share, and none with another encapsulated point.
 */
export interface ShareComplaint {
  readonly sharedPoint: string;
  readonly proof: string;
}

/** Only `upheld` puts the blame on the bidder. */
export type ComplaintVerdict = "upheld" | "proof-wrong" | "share-is-good";

const CONTEXT = utf8("tendering/v1/share-complaint");

/** The complaint of a custodian, counted from 1, byte for byte that of `bid release`; null where what was sealed names no point of the curve, which anybody can see. */
export async function makeComplaint(manifest: BidManifest, name: PartName, index: number, key: CustodianKey): Promise<ShareComplaint | null> {
  const e = encapsulated(manifest, name, index);
  if (!e) return null;
  const scalar = tryFromBase64Url((await crypto.subtle.exportKey("jwk", key.pair.privateKey)).d)!;
  const info = shareInfo(manifest, name, index);
  const k = await nonce(scalar, concat(CONTEXT, info, compress(e)));
  const x = numberOf(scalar);
  const d = await multiplySecret(x, e);
  const c = await challenge(info, pointOf(tryFromBase64Url(key.publicKey)!)!, e, d, await multiplySecret(k, GENERATOR), await multiplySecret(k, e));
  return { sharedPoint: toHex(compress(d)), proof: toHex(concat(c, bytesOf((k + numberOf(c) * x) % ORDER))) };
}

/** Judges a complaint by what is public; null stands for a sealed share that names no point at all. */
export async function judgeComplaint(manifest: BidManifest, name: PartName, index: number, complaint: ShareComplaint | null): Promise<ComplaintVerdict> {
  const e = encapsulated(manifest, name, index);
  if (!e) return "upheld";
  const d = complaint && (await provenPoint(manifest, name, index, complaint, e));
  if (!d) return "proof-wrong";
  try {
    const share = await openWithPoint(bytesOf(d.x), tryFromBase64Url(manifest.custodianKeys[index - 1])!, shareInfo(manifest, name, index), sealedOf(manifest, name, index)!);
    return (await shareMatches(manifest, name, index, share)) ? "share-is-good" : "upheld";
  } catch {
    return "upheld";
  }
}

async function provenPoint(manifest: BidManifest, name: PartName, index: number, complaint: ShareComplaint, e: CurvePoint): Promise<CurvePoint | null> {
  const [compressed, proof, key] = [tryFromHex(complaint.sharedPoint, 33), tryFromHex(complaint.proof, 64), tryFromBase64Url(manifest.custodianKeys[index - 1])];
  const [d, x] = [compressed && decompress(compressed), key && pointOf(key)];
  if (!d || !x || !proof || numberOf(proof.subarray(32)) >= ORDER) return null;
  const [c, s] = [numberOf(proof.subarray(0, 32)) % ORDER, numberOf(proof.subarray(32))];
  const [a, b] = [difference(s, GENERATOR, c, x), difference(s, e, c, d)];
  return a && b && equal(await challenge(shareInfo(manifest, name, index), x, e, d, a, b), proof.subarray(0, 32)) ? d : null;
}

function difference(s: bigint, p: CurvePoint, c: bigint, q: CurvePoint): CurvePoint | null {
  const product = multiply(c, q);
  return add(multiply(s, p), product && negate(product));
}

function sealedOf(manifest: BidManifest, name: PartName, index: number): Bytes | null {
  const sealed = tryFromBase64Url(partOf(manifest, name).sealedShares[index - 1]);
  return sealed && sealed.length >= ENCAPSULATION_LENGTH + TAG_LENGTH ? sealed : null;
}

function encapsulated(manifest: BidManifest, name: PartName, index: number): CurvePoint | null {
  const sealed = sealedOf(manifest, name, index);
  return sealed && pointOf(sealed.subarray(0, ENCAPSULATION_LENGTH));
}

function challenge(info: Bytes, ...points: readonly CurvePoint[]): Promise<Bytes> {
  const texts = [CONTEXT, info].flatMap((text) => [bytesOf(BigInt(text.length), 4), text]);
  return sha256(concat(...texts, ...points.map(compress)));
}

// RFC 6979 with SHA-256, so that a complaint made again is the same.
async function nonce(scalar: Bytes, message: Bytes): Promise<bigint> {
  const hash = bytesOf(numberOf(await sha256(message)) % ORDER);
  let [key, value]: [Bytes, Bytes] = [new Uint8Array(32), new Uint8Array(32).fill(1)];
  for (const step of [0, 1]) {
    key = await hmac(key, concat(value, Uint8Array.of(step), scalar, hash));
    value = await hmac(key, value);
  }
  for (;;) {
    value = await hmac(key, value);
    const k = numberOf(value);
    if (k > 0n && k < ORDER) return k;
    key = await hmac(key, concat(value, Uint8Array.of(0)));
    value = await hmac(key, value);
  }
}
