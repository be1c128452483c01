import { BlockDigest } from "./blockDigest.js";
import { equal, sha256, toHex, tryFromBase64Url, tryFromHex, type Bytes } from "./bytes.js";
import { commitment, KEY_LENGTH, partAad, payloadKey, recoveryInfo, shareInfo } from "./context.js";
import type { CustodianKey } from "./keys.js";
import { partOf, type BidManifest, type PartName } from "./manifest.js";
import { SealingError } from "./sealingError.js";
import { combine, decodeShare } from "./shamir.js";
import { decryption } from "./streamCipher.js";

/** The encoded share of a custodian, counted from 1; the error's code tells another key from a share that the bidder sealed wrongly. */
export async function openShare(manifest: BidManifest, name: PartName, index: number, key: CustodianKey): Promise<Bytes> {
  const sealed = partOf(manifest, name).sealedShares[index - 1];
  if (sealed === undefined || manifest.custodianKeys[index - 1] !== key.publicKey) throw new SealingError("opening.other-key", `This is not the key of custodian ${index} in the manifest.`);
  const share = await open(key, shareInfo(manifest, name, index), sealed, "opening.share-sealed-wrong");
  if (!(await shareMatches(manifest, name, index, share))) throw new SealingError("opening.share-differs", "The bidder sealed another share than the manifest's hash names.");
  return share;
}

/** Is this the encoded share whose hash the manifest holds for this custodian? */
export async function shareMatches(manifest: BidManifest, name: PartName, index: number, share: Bytes): Promise<boolean> {
  return share.length === 1 + KEY_LENGTH && share[0] === index && toHex(await sha256(share)) === partOf(manifest, name).shareHashes[index - 1];
}

/** The part's key from encoded shares, at least as many as the threshold; whether it is the right one, {@link commitmentHolds} says. */
export const rebuildKey = (shares: readonly Uint8Array[]): Bytes => combine(shares.map(decodeShare));

/** Is this the one key the part was committed to? */
export async function commitmentHolds(manifest: BidManifest, name: PartName, cek: Bytes): Promise<boolean> {
  const committed = tryFromHex(partOf(manifest, name).commitment, KEY_LENGTH);
  return cek.length === KEY_LENGTH && committed !== null && equal(await commitment(cek), committed);
}

/** Is a stored ciphertext what the manifest says, by length and digest? */
export async function ciphertextMatches(manifest: BidManifest, name: PartName, cipher: ReadableStream<Uint8Array>): Promise<boolean> {
  const { length, digest } = partOf(manifest, name);
  const found = new BlockDigest();
  const reader = cipher.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    await found.append(next.value);
    if (found.length > length) {
      await reader.cancel();
      return false;
    }
  }
  return found.length === length && (await found.finish()) === digest;
}

/** Decrypts a part as it flows; on an error what came out before must be discarded. The commitment is checked before the first byte. */
export async function openPart(manifest: BidManifest, name: PartName, cek: Bytes, cipher: ReadableStream<Uint8Array>): Promise<ReadableStream<Uint8Array>> {
  if (!(await commitmentHolds(manifest, name, cek))) throw new SealingError("opening.commitment", "This is not the key that the manifest commits to.");
  return cipher.pipeThrough(decryption(await payloadKey(cek), partAad(manifest, name)));
}

/** The part's key from the bidder's recovery copy: the second, independent way. */
export async function openRecoveryCopy(manifest: BidManifest, name: PartName, recovery: CustodianKey): Promise<Bytes> {
  const cek = await open(recovery, recoveryInfo(manifest, name), partOf(manifest, name).sealedRecoveryCopy, "opening.recovery-copy");
  if (!(await commitmentHolds(manifest, name, cek))) throw new SealingError("opening.commitment", "The recovery copy is not the key that the manifest commits to.");
  return cek;
}

async function open(key: CustodianKey, info: Bytes, sealed: string, code: string): Promise<Bytes> {
  try {
    return await key.open(info, tryFromBase64Url(sealed) ?? new Uint8Array(0));
  } catch (cause) {
    throw new SealingError(code, "This key does not open what was sealed here.", { cause });
  }
}
