import { tryFromBase64Url, utf8 } from "./bytes.js";
import { parseCanonical, type Json } from "./canonicalJson.js";
import type { BidIdentity } from "./context.js";
import { hasExactly, isId, isObject } from "./manifest.js";

/** What the platform says it took, and when (UTC, to the microsecond). */
export interface ReceiptClaims extends BidIdentity {
  readonly bid: string;
  readonly manifestHash: string;
  readonly time: string;
}

const MEMBERS = ["bid", "bidder", "lot", "manifestHash", "revision", "tender", "time"];

/** The claims if the platform's key (`/api/bidding/receipt-key`) signed them as a receipt, else null. */
export async function verifyReceipt(jws: string, platformKey: JsonWebKey): Promise<ReceiptClaims | null> {
  const [header, payload, signature, ...more] = jws.split(".");
  const [headBytes, claims, signed] = [header, payload, signature].map(tryFromBase64Url);
  if (!headBytes || !claims || signed?.length !== 64 || more.length > 0) return null;
  const head = tryParse(headBytes);
  // No other algorithm, and no other type: a signature for one purpose must not serve another.
  if (!isObject(head) || !hasExactly(head, ["alg", "kid", "typ"]) || head["alg"] !== "ES256" || head["typ"] !== "tendering-receipt") return null;
  const { kty, crv, x, y } = platformKey;
  const key = await crypto.subtle.importKey("jwk", { kty, crv, x, y } as JsonWebKey, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
  if (!(await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, signed, utf8(`${header}.${payload}`)))) return null;
  const value = tryParse(claims);
  const fits = isObject(value) && hasExactly(value, MEMBERS) && ["bid", "tender", "lot", "bidder"].every((id) => isId(value[id]))
    && Number.isInteger(value["revision"]) && /^[0-9a-f]{64}$/.test(String(value["manifestHash"])) && /^\d{4}(-\d\d){2}T\d\d(:\d\d){2}\.\d{6}Z$/.test(String(value["time"]));
  return fits ? (value as unknown as ReceiptClaims) : null;
}

function tryParse(bytes: Uint8Array): Json | undefined {
  try {
    return parseCanonical(bytes);
  } catch {
    return undefined;
  }
}
