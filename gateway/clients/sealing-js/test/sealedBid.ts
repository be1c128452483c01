import { readAll, streamOf } from "../src/streams.js";
import { CustodianKey } from "../src/keys.js";
import { canonicalSchedule, type OpeningSchedule } from "../src/schedule.js";
import { seal, type SealingRequest } from "../src/sealer.js";
import type { BidManifest } from "../src/manifest.js";

export interface SealedBid {
  readonly request: SealingRequest;
  readonly custodians: readonly CustodianKey[];
  readonly recovery: CustodianKey;
  readonly schedule: OpeningSchedule;
  readonly manifest: BidManifest;
  readonly price: Uint8Array;
  readonly files: Uint8Array;
}

/** Collects what is written to it. */
export function sink(): { stream: WritableStream<Uint8Array>; bytes: () => Promise<Uint8Array> } {
  const pieces: Uint8Array[] = [];
  return { stream: new WritableStream({ write: (piece) => void pieces.push(piece) }), bytes: () => readAll(streamOf(...pieces)) };
}

export async function makeBid(files: Uint8Array, overrides: Partial<SealingRequest> = {}, price?: Uint8Array): Promise<SealedBid> {
  const custodians = await Promise.all([1, 2, 3].map(() => CustodianKey.generate()));
  const recovery = await CustodianKey.generate();
  const request: SealingRequest = {
    tender: crypto.randomUUID(), lot: crypto.randomUUID(), bidder: crypto.randomUUID(), revision: 1, custodianKeys: custodians.map((c) => c.publicKey), threshold: 2, recoveryKey: recovery.publicKey, ...overrides,
  };
  const { tender, lot, bidder, revision } = request;
  const schedule: OpeningSchedule = { version: "1", tender, lot, bidder, revision, price: 123_456_789_00, currency: "CNY", deliveryDays: 180, projectManager: "王小明", remarks: null };
  const [priceSink, filesSink] = [sink(), sink()];
  const manifest = await seal(request, { plain: streamOf(price ?? canonicalSchedule(schedule)), cipher: priceSink.stream }, { plain: streamOf(files), cipher: filesSink.stream });
  return { request, custodians, recovery, schedule, manifest, price: await priceSink.bytes(), files: await filesSink.bytes() };
}
