import { concat, utf8, type Bytes } from "./bytes.js";
import { SealingError } from "./sealingError.js";

/** HPKE (RFC 9180), base mode, single shot, suite 0x0010/0x0001/0x0001: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM. */
export const ENCAPSULATION_LENGTH = 65;
export const TAG_LENGTH = 16;
export const P256: EcKeyGenParams & EcKeyImportParams = { name: "ECDH", namedCurve: "P-256" };

const KEM_SUITE = concat(utf8("KEM"), Uint8Array.of(0x00, 0x10));
const SUITE = concat(utf8("HPKE"), Uint8Array.of(0x00, 0x10, 0x00, 0x01, 0x00, 0x01));
const EMPTY: Bytes = new Uint8Array(0);

/** The encapsulated key (65 bytes) followed by the ciphertext; a public key that is no point of the curve is refused. */
export async function hpkeSeal(recipient: Bytes, info: Bytes, aad: Bytes, plaintext: Bytes): Promise<Bytes> {
  return sealWith((await crypto.subtle.generateKey(P256, true, ["deriveBits"])) as CryptoKeyPair, recipient, info, aad, plaintext);
}

/** The plaintext; whatever was changed, or sealed to another key, info or aad, is `hpke.not-opened`. */
export async function hpkeOpen(recipient: CryptoKeyPair, info: Bytes, aad: Bytes, sealed: Bytes): Promise<Bytes> {
  if (sealed.length < ENCAPSULATION_LENGTH + TAG_LENGTH) throw new SealingError("hpke.not-opened", "The sealed text is too short.");
  try {
    const enc = sealed.slice(0, ENCAPSULATION_LENGTH);
    return await openWith(await sharedSecret(recipient.privateKey, enc, enc, await rawPoint(recipient.publicKey)), info, aad, sealed);
  } catch (cause) {
    throw new SealingError("hpke.not-opened", "This key does not open what was sealed here.", { cause });
  }
}

/** Opens by the shared point's x (32 bytes) instead of the private key; the aad is empty. */
export async function openWithPoint(dh: Bytes, recipient: Bytes, info: Bytes, sealed: Bytes): Promise<Bytes> {
  return openWith(await secretOf(dh, sealed.slice(0, ENCAPSULATION_LENGTH), recipient), info, EMPTY, sealed);
}

/** As {@link hpkeSeal} with a given ephemeral key: for published vectors only, a key must never be used twice. */
export async function sealWith(ephemeral: CryptoKeyPair, recipient: Bytes, info: Bytes, aad: Bytes, plaintext: Bytes): Promise<Bytes> {
  const enc = await rawPoint(ephemeral.publicKey);
  const { key, nonce } = await keySchedule(await sharedSecret(ephemeral.privateKey, recipient, enc, recipient), info);
  const aes = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  return concat(enc, new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: aad }, aes, plaintext)));
}

export async function sharedSecret(own: CryptoKey, other: Bytes, enc: Bytes, recipient: Bytes): Promise<Bytes> {
  return secretOf(new Uint8Array(await crypto.subtle.deriveBits({ name: "ECDH", public: await importPoint(other) }, own, 256)), enc, recipient);
}

async function secretOf(dh: Bytes, enc: Bytes, recipient: Bytes): Promise<Bytes> {
  const prk = await labeledExtract(KEM_SUITE, EMPTY, "eae_prk", dh);
  return labeledExpand(KEM_SUITE, prk, "shared_secret", concat(enc, recipient), 32);
}

export async function keySchedule(secretShared: Bytes, info: Bytes): Promise<{ key: Bytes; nonce: Bytes }> {
  const baseMode = Uint8Array.of(0);
  const context = concat(baseMode, await labeledExtract(SUITE, EMPTY, "psk_id_hash", EMPTY), await labeledExtract(SUITE, EMPTY, "info_hash", info));
  const secret = await labeledExtract(SUITE, secretShared, "secret", EMPTY);
  return { key: await labeledExpand(SUITE, secret, "key", context, 16), nonce: await labeledExpand(SUITE, secret, "base_nonce", context, 12) };
}

/** Reads an uncompressed point (65 bytes: 0x04, x, y); WebCrypto refuses what does not lie on the curve. */
export async function importPoint(point: Bytes): Promise<CryptoKey> {
  if (point.length !== ENCAPSULATION_LENGTH || point[0] !== 4) throw new SealingError("key.not-a-point", "Not an uncompressed P-256 point.");
  try {
    return await crypto.subtle.importKey("raw", point, P256, true, []);
  } catch (cause) {
    throw new SealingError("key.not-a-point", "Not a point of P-256.", { cause });
  }
}

export const rawPoint = async (key: CryptoKey): Promise<Bytes> => new Uint8Array(await crypto.subtle.exportKey("raw", key));

// WebCrypto's HKDF does extract and expand in one; HPKE needs them apart, so both are written with its HMAC.
const labeledExtract = (suite: Bytes, salt: Bytes, label: string, ikm: Bytes): Promise<Bytes> =>
  hmac(salt.length > 0 ? salt : new Uint8Array(32), concat(utf8("HPKE-v1"), suite, utf8(label), ikm));

async function labeledExpand(suite: Bytes, prk: Bytes, label: string, info: Bytes, length: number): Promise<Bytes> {
  // One block of the hash is enough for every length that the suite asks for.
  const labeled = concat(Uint8Array.of(length >> 8, length & 0xff), utf8("HPKE-v1"), suite, utf8(label), info);
  return (await hmac(prk, concat(labeled, Uint8Array.of(1)))).slice(0, length);
}

async function openWith(shared: Bytes, info: Bytes, aad: Bytes, sealed: Bytes): Promise<Bytes> {
  const { key, nonce } = await keySchedule(shared, info);
  const aes = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
  return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: nonce, additionalData: aad }, aes, sealed.slice(ENCAPSULATION_LENGTH)));
}

export async function hmac(key: Bytes, message: Bytes): Promise<Bytes> {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, message));
}
