import { BlockDigest } from "./blockDigest.js";
import { random, sha256, toBase64Url, toHex, tryFromBase64Url, type Bytes } from "./bytes.js";
import { commitment, KEY_LENGTH, partAad, payloadKey, recoveryInfo, shareInfo, type BidIdentity } from "./context.js";
import { hpkeSeal } from "./hpke.js";
import { refuseUnfit, refuseUnfitHead, type BidManifest, type ManifestPart, type PartName } from "./manifest.js";
import { encodeShare, split } from "./shamir.js";
import { encryption } from "./streamCipher.js";

/** What a bidder's device needs to know to seal a bid. */
export interface SealingRequest extends BidIdentity {
  /** In the order of the tender notice. */
  readonly custodianKeys: readonly string[];
  /** How many custodians open; at least 2. */
  readonly threshold: number;
  readonly recoveryKey: string;
}

/** One part: what is sealed, where its ciphertext goes, and who is told how many bytes have been sealed. */
export interface PartStreams {
  readonly plain: ReadableStream<Uint8Array>;
  readonly cipher: WritableStream<Uint8Array>;
}

/** Encrypts both parts to their sinks and returns the manifest to be signed. Only a few MiB are held at a time, whatever the length; call it in a worker. */
export async function seal(request: SealingRequest, price: PartStreams, files: PartStreams, signal?: AbortSignal): Promise<BidManifest> {
  const { tender, lot, bidder, revision, custodianKeys, threshold, recoveryKey } = request;
  const head = { version: 1, suite: 1, tender, lot, bidder, revision, custodianKeys, threshold, recoveryKey } as const;
  await refuseUnfitHead(head);
  const manifest: BidManifest = { ...head, parts: [await sealPart(request, "price", price, signal), await sealPart(request, "files", files, signal)] };
  await refuseUnfit(manifest);
  return manifest;
}

async function sealPart(request: SealingRequest, name: PartName, streams: PartStreams, signal?: AbortSignal): Promise<ManifestPart> {
  const cek = random(KEY_LENGTH);
  const digest = new BlockDigest();
  await streams.plain.pipeThrough(encryption(await payloadKey(cek), partAad(request, name))).pipeThrough(digest.through()).pipeTo(streams.cipher, signal ? { signal } : {});
  const shares = split(cek, request.threshold, request.custodianKeys.length).map(encodeShare);
  const part: ManifestPart = {
    name,
    length: digest.length,
    digest: await digest.finish(),
    commitment: toHex(await commitment(cek)),
    shareHashes: await Promise.all(shares.map(async (share) => toHex(await sha256(share)))),
    sealedShares: await Promise.all(shares.map((share, i) => sealTo(request.custodianKeys[i]!, shareInfo(request, name, i + 1), share))),
    sealedRecoveryCopy: await sealTo(request.recoveryKey, recoveryInfo(request, name), cek),
  };
  for (const secret of [cek, ...shares]) secret.fill(0);
  return part;
}

const sealTo = async (publicKey: string, info: Bytes, secret: Bytes): Promise<string> => toBase64Url(await hpkeSeal(tryFromBase64Url(publicKey)!, info, new Uint8Array(0), secret));
