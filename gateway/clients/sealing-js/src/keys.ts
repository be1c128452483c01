import { toBase64Url, tryFromBase64Url, type Bytes } from "./bytes.js";
import { hpkeOpen, importPoint, P256, rawPoint } from "./hpke.js";
import { readKeyFile, writeKeyFile } from "./keyFile.js";
import { fromPem, toPem } from "./pem.js";
import { SealingError } from "./sealingError.js";

/** A P-256 key pair made on its holder's device: a custodian's key for a tender, or a bidder's recovery key. */
export class CustodianKey {
  private constructor(
    readonly pair: CryptoKeyPair,
    /** The uncompressed point (65 bytes) in base64url: 87 characters. */
    readonly publicKey: string,
  ) {}

  static async generate(): Promise<CustodianKey> {
    return CustodianKey.of((await crypto.subtle.generateKey(P256, true, ["deriveBits"])) as CryptoKeyPair);
  }

  static async of(pair: CryptoKeyPair): Promise<CustodianKey> {
    return new CustodianKey(pair, toBase64Url(await rawPoint(pair.publicKey)));
  }

  static importPem = async (pem: string): Promise<CustodianKey> => CustodianKey.of(await importPair(fromPem(pem, "PRIVATE KEY"), P256, ["deriveBits"], []));

  /** Opens {@link exportProtected}'s file, or the command line's: `key-file.malformed` or `key-file.passphrase` says which is wrong. */
  static async importProtected(json: string, passphrase: string): Promise<CustodianKey> {
    const { pkcs8 } = await readKeyFile(json, passphrase);
    return CustodianKey.of(await importPair(pkcs8, P256, ["deriveBits"], []));
  }

  /** Is the text a public key as {@link publicKey} writes it, and a point of the curve? */
  static async isPublicKey(text: unknown): Promise<boolean> {
    const point = typeof text === "string" && text.length === 87 ? tryFromBase64Url(text) : null;
    return point !== null && importPoint(point).then(() => true, () => false);
  }

  exportPem = async (): Promise<string> => toPem(await pkcs8Of(this.pair), "PRIVATE KEY");

  /** The private key as a JSON file under a passphrase: PBKDF2-SHA-256 with 600,000 rounds, AES-256-GCM. */
  exportProtected = async (passphrase: string): Promise<string> => writeKeyFile(this.publicKey, await pkcs8Of(this.pair), passphrase);

  /** Opens what HPKE sealed to this key; anything else is `hpke.not-opened`. */
  open = (info: Bytes, sealed: Bytes): Promise<Bytes> => hpkeOpen(this.pair, info, new Uint8Array(0), sealed);
}

export const pkcs8Of = async (pair: CryptoKeyPair): Promise<Bytes> => new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));

/** WebCrypto gives no public half of a private key: it is read from the key's JWK. */
export async function importPair(pkcs8: Bytes, algorithm: EcKeyImportParams, privateUses: KeyUsage[], publicUses: KeyUsage[]): Promise<CryptoKeyPair> {
  try {
    const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8, algorithm, true, privateUses);
    const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", privateKey);
    const publicKey = await crypto.subtle.importKey("jwk", { kty, crv, x, y } as JsonWebKey, algorithm, true, publicUses);
    return { privateKey, publicKey };
  } catch (cause) {
    throw new SealingError("key.not-p256", "Not a P-256 private key.", { cause });
  }
}
