import { concat, equal, sha256, toBase64Url, type Bytes } from "./bytes.js";
import { children, der, integer, oid, read, sequence, setOf, TAG, time, utf8String, type Element } from "./der.js";
import { rawPoint } from "./hpke.js";
import { readKeyFile, writeKeyFile } from "./keyFile.js";
import { importPair, pkcs8Of } from "./keys.js";
import { canonicalManifest, type BidManifest } from "./manifest.js";
import { fromPem, toPem } from "./pem.js";
import { SealingError } from "./sealingError.js";

const ECDSA: EcKeyGenParams & EcKeyImportParams = { name: "ECDSA", namedCurve: "P-256" };
const ECDSA_WITH_SHA256 = sequence(oid("1.2.840.10045.4.3.2"));
const SHA256 = sequence(oid("2.16.840.1.101.3.4.2.1"));
const DATA = oid("1.2.840.113549.1.7.1");
const SIGNED_DATA = oid("1.2.840.113549.1.7.2");
const CONTENT_TYPE = oid("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST = oid("1.2.840.113549.1.9.4");
const SIGNING_TIME = oid("1.2.840.113549.1.9.5");
const COMMON_NAME = oid("2.5.4.3");

/** The P-256 key that belongs to a bidder's certificate, made on its own device. */
export class SigningKey {
  private constructor(
    readonly pair: CryptoKeyPair,
    /** The uncompressed point in base64url. */
    readonly publicKey: string,
  ) {}

  static generate = async (): Promise<SigningKey> => SigningKey.of((await crypto.subtle.generateKey(ECDSA, true, ["sign", "verify"])) as CryptoKeyPair);

  static async importProtected(json: string, passphrase: string): Promise<SigningKey> {
    return SigningKey.of(await importPair((await readKeyFile(json, passphrase)).pkcs8, ECDSA, ["sign"], ["verify"]));
  }

  static importPem = async (pem: string): Promise<SigningKey> => SigningKey.of(await importPair(fromPem(pem, "PRIVATE KEY"), ECDSA, ["sign"], ["verify"]));

  private static of = async (pair: CryptoKeyPair): Promise<SigningKey> => new SigningKey(pair, toBase64Url(await rawPoint(pair.publicKey)));

  exportProtected = async (passphrase: string): Promise<string> => writeKeyFile(this.publicKey, await pkcs8Of(this.pair), passphrase);

  /** A certificate request (PKCS #10) in PEM; an authority writes the subject that it knows, whatever is named here. */
  async certificateRequest(commonName: string): Promise<string> {
    const subject = sequence(setOf(TAG.SET, sequence(COMMON_NAME, utf8String(commonName))));
    const spki = new Uint8Array(await crypto.subtle.exportKey("spki", this.pair.publicKey));
    const info = sequence(integer(Uint8Array.of(0)), subject, spki, der(TAG.CONTEXT_0));
    return toPem(sequence(info, ECDSA_WITH_SHA256, der(TAG.BIT_STRING, Uint8Array.of(0), await this.#sign(info))), "CERTIFICATE REQUEST");
  }

  /**
   * The bidder's signature: detached CMS (RFC 5652), DER, over the manifest's canonical bytes, so that the signed messageDigest is the manifest's
   * hash. `openssl cms -verify -binary -inform DER -in bid.p7s -content manifest.json -CAfile roots.pem -purpose any` checks it.
   */
  async signManifest(manifest: BidManifest, certificatePem: string, at: Date = new Date()): Promise<Bytes> {
    const certificate = readCertificate(fromPem(certificatePem, "CERTIFICATE"));
    if (!equal(certificate.publicPoint, await rawPoint(this.pair.publicKey))) throw new SealingError("certificate.other-key", "The certificate belongs to another key.");
    const attributes = [
      sequence(CONTENT_TYPE, setOf(TAG.SET, DATA)),
      sequence(MESSAGE_DIGEST, setOf(TAG.SET, der(TAG.OCTET_STRING, await sha256(canonicalManifest(manifest))))),
      sequence(SIGNING_TIME, setOf(TAG.SET, time(at))),
    ];
    // What is signed is the attributes under the tag of a SET, which stand in the message under [0].
    const signature = await this.#sign(setOf(TAG.SET, ...attributes));
    const one = integer(Uint8Array.of(1));
    const signer = sequence(one, sequence(certificate.issuer, certificate.serial), SHA256, setOf(TAG.CONTEXT_0, ...attributes), ECDSA_WITH_SHA256, der(TAG.OCTET_STRING, signature));
    const signed = sequence(one, setOf(TAG.SET, SHA256), sequence(DATA), der(TAG.CONTEXT_0, certificate.whole), setOf(TAG.SET, signer));
    return sequence(SIGNED_DATA, der(TAG.CONTEXT_0, signed));
  }

  // WebCrypto gives r and s side by side; X.509 and CMS want them as a sequence of integers.
  async #sign(bytes: Bytes): Promise<Bytes> {
    const raw = new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, this.pair.privateKey, bytes));
    return sequence(integer(raw.subarray(0, 32)), integer(raw.subarray(32)));
  }
}

interface Certificate {
  readonly whole: Bytes;
  readonly issuer: Bytes;
  readonly serial: Bytes;
  readonly publicPoint: Bytes;
}

function readCertificate(bytes: Bytes): Certificate {
  const whole = read(bytes);
  const fields = children(children(whole)[0] ?? missing()).filter((field) => field.tag !== TAG.CONTEXT_0);
  const [serial, , issuer, , , spki] = fields;
  const point = children(spki ?? missing())[1] ?? missing();
  return { whole: whole.whole, issuer: (issuer ?? missing()).whole, serial: (serial ?? missing()).whole, publicPoint: concat(point.content.subarray(1)) };
}

function missing(): Element {
  throw new SealingError("certificate.malformed", "This is not an X.509 certificate.");
}

