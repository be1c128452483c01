import { concat, random, toBase64Url, tryFromBase64Url, utf8, type Bytes } from "./bytes.js";
import { SealingError } from "./sealingError.js";

// The JSON file of a private key under a passphrase. Key = PBKDF2-SHA-256(passphrase in Unicode NFC as UTF-8, salt, rounds); ciphertext =
// AES-256-GCM of the PKCS #8 key, tag last, with "tendering/v1/key|" and the public key's text as associated data.
const ROUNDS_WRITTEN = 600_000;

// A file from a stranger must not keep a processor busy for hours, nor quietly weaken the passphrase.
const ROUNDS_MAX = 10_000_000;
const MEMBERS = ["cipher", "ciphertext", "kdf", "nonce", "publicKey", "rounds", "salt", "version"];

export async function writeKeyFile(publicKey: string, pkcs8: Bytes, passphrase: string): Promise<string> {
  const [salt, nonce] = [random(16), random(12)];
  const aes = await derive(passphrase, salt, ROUNDS_WRITTEN);
  const ciphertext = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: aad(publicKey) }, aes, pkcs8));
  pkcs8.fill(0);
  return JSON.stringify({
    version: 1, kdf: "PBKDF2-SHA-256", rounds: ROUNDS_WRITTEN, salt: toBase64Url(salt), cipher: "AES-256-GCM", nonce: toBase64Url(nonce), publicKey, ciphertext: toBase64Url(ciphertext),
  });
}

/** The PKCS #8 key; `key-file.malformed` or `key-file.passphrase` says whether file or passphrase is wrong. */
export async function readKeyFile(json: string, passphrase: string): Promise<{ publicKey: string; pkcs8: Bytes }> {
  const file = parse(json);
  const [salt, nonce, ciphertext] = [tryFromBase64Url(file["salt"]), tryFromBase64Url(file["nonce"]), tryFromBase64Url(file["ciphertext"])];
  const { rounds, publicKey } = file;
  const fits = file["version"] === 1 && file["kdf"] === "PBKDF2-SHA-256" && file["cipher"] === "AES-256-GCM" && typeof rounds === "number" && Number.isInteger(rounds)
    && rounds >= ROUNDS_WRITTEN && rounds <= ROUNDS_MAX && typeof publicKey === "string" && salt !== null && salt.length >= 16 && nonce?.length === 12 && (ciphertext?.length ?? 0) > 16;
  if (!fits) throw malformed();
  try {
    const aes = await derive(passphrase, salt, rounds);
    return { publicKey, pkcs8: new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: nonce!, additionalData: aad(publicKey) }, aes, ciphertext!)) };
  } catch (cause) {
    throw new SealingError("key-file.passphrase", "The passphrase does not open this key file, or the file was changed.", { cause });
  }
}

function parse(json: string): Record<string, unknown> {
  try {
    const file = JSON.parse(json) as unknown;
    if (typeof file === "object" && file !== null && Object.keys(file).sort().join() === MEMBERS.join()) return file as Record<string, unknown>;
  } catch (cause) {
    throw malformed({ cause });
  }
  throw malformed();
}

async function derive(passphrase: string, salt: Bytes, iterations: number): Promise<CryptoKey> {
  const secret = await crypto.subtle.importKey("raw", utf8(passphrase.normalize("NFC")), "PBKDF2", false, ["deriveKey"]);
  return crypto.subtle.deriveKey({ name: "PBKDF2", hash: "SHA-256", salt, iterations }, secret, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

const aad = (publicKey: string): Bytes => concat(utf8("tendering/v1/key|"), utf8(publicKey));

const malformed = (options?: ErrorOptions): SealingError => new SealingError("key-file.malformed", "This is not a protected key file of version 1.", options);
