import { sha256, toHex, tryFromBase64Url, tryFromHex, type Bytes } from "./bytes.js";
import { canonicalJson, parseCanonical, type Json } from "./canonicalJson.js";
import { KEY_LENGTH, type BidIdentity } from "./context.js";
import { ENCAPSULATION_LENGTH, TAG_LENGTH } from "./hpke.js";
import { CustodianKey } from "./keys.js";
import { SealingError } from "./sealingError.js";
import { plaintextLength } from "./streamCipher.js";

export type PartName = "price" | "files";

/** The two parts of a sealed bid, in the manifest's order. */
export const PARTS: readonly PartName[] = ["price", "files"];

/** Most bytes of a part before encryption: 64 KiB of price, 2 GiB of files. */
export const LENGTH_MAX: Readonly<Record<PartName, number>> = { price: 64 * 1024, files: 2 * 1024 ** 3 };

/** One encrypted part of a bid; hashes are hexadecimal, keys, shares and sealed copies base64url. */
export interface ManifestPart {
  readonly name: PartName;
  /** Bytes of the ciphertext. */
  readonly length: number;
  /** The ciphertext's block digest. */
  readonly digest: string;
  readonly commitment: string;
  /** SHA-256 of each encoded share (index byte and value), by custodian. */
  readonly shareHashes: readonly string[];
  readonly sealedShares: readonly string[];
  readonly sealedRecoveryCopy: string;
}

/** Who bids on what, and for each part what its ciphertext, key and shares must be: what a bidder signs and the platform stores. */
export interface BidManifest extends BidIdentity {
  readonly version: 1;
  readonly suite: 1;
  /** In the order of the tender notice: the first is custodian 1. */
  readonly custodianKeys: readonly string[];
  readonly threshold: number;
  readonly recoveryKey: string;
  readonly parts: readonly ManifestPart[];
}

export const MANIFEST_BYTES_MAX = 64 * 1024;
const CUSTODIANS_MAX = 16;
const MEMBERS = ["bidder", "custodianKeys", "lot", "parts", "recoveryKey", "revision", "suite", "tender", "threshold", "version"];
const PART_MEMBERS = ["commitment", "digest", "length", "name", "sealedRecoveryCopy", "sealedShares", "shareHashes"];
const SEALED_KEY_LENGTH = ENCAPSULATION_LENGTH + TAG_LENGTH + KEY_LENGTH;
const SEALED_SHARE_LENGTH = SEALED_KEY_LENGTH + 1;

export const canonicalManifest = (manifest: BidManifest): Bytes => canonicalJson(manifest as unknown as Json);

/** SHA-256 of the canonical bytes. */
export const manifestHash = async (manifest: BidManifest): Promise<string> => toHex(await sha256(canonicalManifest(manifest)));

export function partOf(manifest: BidManifest, name: PartName): ManifestPart {
  const part = manifest.parts.find((p) => p.name === name);
  if (!part) throw new SealingError("manifest.parts", `The manifest has no part ${name}.`);
  return part;
}

/** Reads the exact canonical bytes; whatever is unknown, missing or of a wrong length or count is refused with the server's own code. */
export async function parseManifest(canonical: Uint8Array): Promise<BidManifest> {
  if (canonical.length > MANIFEST_BYTES_MAX) throw new SealingError("manifest.too-long", `A manifest has at most ${MANIFEST_BYTES_MAX} bytes.`);
  const value = parse(canonical);
  if (value["version"] !== 1 && typeof value["version"] === "number") throw new SealingError("manifest.version", `Manifest version ${value["version"]} is not known here.`);
  if (value["suite"] !== 1 && typeof value["suite"] === "number") throw new SealingError("manifest.suite", `Sealing suite ${value["suite"]} is not known here.`);
  require(hasShape(value), "manifest.malformed", "The manifest is not canonical JSON of this version's members.");
  const manifest = value as unknown as BidManifest;
  await refuseUnfit(manifest);
  return manifest;
}

export async function refuseUnfit(manifest: BidManifest): Promise<void> {
  await refuseUnfitHead(manifest);
  require(manifest.parts.map((part) => part.name).join() === PARTS.join(), "manifest.parts", "The parts are not price and files, in this order.");
  for (const part of manifest.parts) refuseUnfitPart(part, manifest.custodianKeys.length);
}

/** Everything but the parts: checked before two gigabytes are encrypted, not after. */
export async function refuseUnfitHead(manifest: Omit<BidManifest, "parts">): Promise<void> {
  const { custodianKeys: keys, threshold, revision } = manifest;
  require(
    [manifest.tender, manifest.lot, manifest.bidder].every(isId) && Number.isInteger(revision) && revision > 0 && revision < 2 ** 31,
    "manifest.identity", "Tender, lot, bidder or revision is missing.",
  );
  const points = await Promise.all(keys.map(CustodianKey.isPublicKey));
  require(
    keys.length >= 2 && keys.length <= CUSTODIANS_MAX && new Set(keys).size === keys.length && points.every(Boolean),
    "manifest.custodians", `There must be 2 to ${CUSTODIANS_MAX} different custodians' keys, each a P-256 point.`,
  );
  require(Number.isInteger(threshold) && threshold >= 2 && threshold <= keys.length, "manifest.threshold", "The threshold is not between 2 and the number of custodians.");
  require(await CustodianKey.isPublicKey(manifest.recoveryKey), "manifest.recovery-key", "The recovery key is not a P-256 point.");
}

function refuseUnfitPart(part: ManifestPart, custodians: number): void {
  const plain = plaintextLength(part.length);
  require(plain !== null && plain <= LENGTH_MAX[part.name], "manifest.length", `No plaintext of ${part.name} gives a ciphertext of ${part.length} bytes.`);
  require(isSha256(part.digest) && isSha256(part.commitment), "manifest.hash", "Digest or commitment is not 32 bytes of hexadecimal.");
  require(
    part.shareHashes.length === custodians && part.shareHashes.every(isSha256) && part.sealedShares.length === custodians && part.sealedShares.every((share) => tryFromBase64Url(share)?.length === SEALED_SHARE_LENGTH),
    "manifest.shares", `There must be one hash and one sealed share for each of ${custodians} custodians.`,
  );
  require(tryFromBase64Url(part.sealedRecoveryCopy)?.length === SEALED_KEY_LENGTH, "manifest.recovery-copy", `The sealed recovery copy is not ${SEALED_KEY_LENGTH} bytes of base64url.`);
}

function parse(canonical: Uint8Array): Record<string, Json> {
  try {
    const value = parseCanonical(canonical);
    if (isObject(value)) return value;
  } catch (cause) {
    throw new SealingError("manifest.malformed", "The manifest is not canonical JSON.", { cause });
  }
  throw new SealingError("manifest.malformed", "The manifest is not a JSON object.");
}

function hasShape(value: Record<string, Json>): boolean {
  const { parts } = value;
  return hasExactly(value, MEMBERS) && [value["tender"], value["lot"], value["bidder"], value["recoveryKey"]].every(isString) && isStrings(value["custodianKeys"])
    && isInt32(value["revision"]) && isInt32(value["threshold"]) && Array.isArray(parts) && parts.every((part: Json) => isObject(part) && hasExactly(part, PART_MEMBERS)
      && [part["name"], part["digest"], part["commitment"], part["sealedRecoveryCopy"]].every(isString) && Number.isSafeInteger(part["length"]) && isStrings(part["shareHashes"]) && isStrings(part["sealedShares"]));
}

export const isId = (text: unknown): boolean => typeof text === "string" && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text) && /[1-9a-f]/.test(text);
export const isObject = (value: Json | undefined): value is Record<string, Json> => typeof value === "object" && value !== null && !Array.isArray(value);
export const hasExactly = (value: object, members: readonly string[]): boolean => Object.keys(value).sort().join() === members.join();
const isString = (value: Json | undefined): boolean => typeof value === "string";
const isStrings = (value: Json | undefined): boolean => Array.isArray(value) && value.every(isString);
const isInt32 = (value: Json | undefined): boolean => typeof value === "number" && Number.isInteger(value) && Math.abs(value) < 2 ** 31;
const isSha256 = (text: string): boolean => tryFromHex(text, 32) !== null;

function require(holds: boolean, code: string, message: string): void {
  if (!holds) throw new SealingError(code, message);
}
