import { expect, it } from "vitest";
import { CustodianKey } from "../src/keys.js";
import { seal } from "../src/sealer.js";
import { streamOf } from "../src/streams.js";
import { sink } from "./sealedBid.js";

it("sealing holds a few MiB, however long the files and however slow what takes them", async () => {
  const PIECE = 1024 * 1024;
  const HELD_MAX = 24 * PIECE;
  const keys = await Promise.all([1, 2, 3].map(() => CustodianKey.generate()));
  const [first, second, recovery] = keys.map((key) => key.publicKey) as [string, string, string];
  const request = { tender: crypto.randomUUID(), lot: crypto.randomUUID(), bidder: crypto.randomUUID(), revision: 1, custodianKeys: [first, second], threshold: 2, recoveryKey: recovery };
  const piece = new Uint8Array(PIECE);
  let [given, taken, held] = [0, 0, 0];
  const plain = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (given >= 96 * PIECE) return controller.close();
      controller.enqueue(piece);
      given += PIECE;
    },
  }, { highWaterMark: 0 });
  const cipher = new WritableStream<Uint8Array>({
    async write(bytes) {
      held = Math.max(held, given - taken);
      await new Promise((later) => setImmediate(later));
      taken += bytes.length;
    },
  });
  await seal(request, { plain: streamOf(piece.subarray(0, 10)), cipher: sink().stream }, { plain, cipher });
  expect(taken).toBeGreaterThan(96 * PIECE);
  expect(held).toBeLessThan(HELD_MAX);
});
