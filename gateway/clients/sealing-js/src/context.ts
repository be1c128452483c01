import { utf8, type Bytes } from "./bytes.js";

/** Which bid a key or ciphertext belongs to; ids are lower-case with hyphens. */
export interface BidIdentity {
  readonly tender: string;
  readonly lot: string;
  readonly bidder: string;
  readonly revision: number;
}

export const KEY_LENGTH = 32;

const bid = (of: BidIdentity): string => `${of.tender}|${of.lot}|${of.bidder}|${of.revision}`;

/** Associated data of every chunk of a part. */
export const partAad = (of: BidIdentity, part: string): Bytes => utf8(`tendering/v1/part|${bid(of)}|${part}`);

/** HPKE info of the share of the custodian `index`, counted from 1; the HPKE aad is empty. */
export const shareInfo = (of: BidIdentity, part: string, index: number): Bytes => utf8(`tendering/v1/share|${bid(of)}|${part}|${index}`);

/** HPKE info of the copy of the key for the bidder's own recovery key; the HPKE aad is empty. */
export const recoveryInfo = (of: BidIdentity, part: string): Bytes => utf8(`tendering/v1/recovery|${bid(of)}|${part}`);

/** The key of the stream cipher. */
export const payloadKey = (cek: Bytes): Promise<Bytes> => derive(cek, "tendering/v1/payload");

/** 32 bytes that bind a ciphertext to one key: AES-GCM alone would let one ciphertext be opened to two prices. */
export const commitment = (cek: Bytes): Promise<Bytes> => derive(cek, "tendering/v1/commit");

async function derive(cek: Bytes, info: string): Promise<Bytes> {
  if (cek.length !== KEY_LENGTH) throw new RangeError(`A content encryption key has ${KEY_LENGTH} bytes.`);
  const key = await crypto.subtle.importKey("raw", cek, "HKDF", false, ["deriveBits"]);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: utf8(info) }, key, 8 * KEY_LENGTH));
}
