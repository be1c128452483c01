import { concat, type Bytes } from "./bytes.js";

const SLICE_LENGTH = 4 * 1024 * 1024;

/** A blob's or file's bytes in slices of 4 MiB, one at a time: the browser's own stream comes in 64 KiB pieces and at a quarter of the speed. */
export function readSlices(blob: Blob, onProgress?: (bytes: number) => void): ReadableStream<Bytes> {
  let at = 0;
  return new ReadableStream<Bytes>(
    {
      async pull(controller) {
        if (at >= blob.size) return controller.close();
        const slice = blob.slice(at, at + SLICE_LENGTH);
        controller.enqueue(new Uint8Array(await slice.arrayBuffer()));
        at += slice.size;
        onProgress?.(at);
      },
    },
    { highWaterMark: 1 },
  );
}

export const streamOf = (...pieces: readonly Uint8Array[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });

/** Everything that a stream brings: for what is known to be small. */
export async function readAll(stream: ReadableStream<Uint8Array>): Promise<Bytes> {
  const pieces: Uint8Array[] = [];
  const reader = stream.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) pieces.push(next.value);
  return concat(...pieces);
}
