import { concat, random, type Bytes } from "./bytes.js";
import { SealingError } from "./sealingError.js";

/**
 * AES-256-GCM in the STREAM form, 64 KiB of plaintext a chunk. The ciphertext is a random 7-byte prefix, then for each chunk its ciphertext and
 * 16-byte tag; a chunk's nonce is the prefix, its number as 4 bytes big-endian, and 1 for the last chunk or else 0. Only an empty plaintext
 * has an empty chunk. The same associated data goes with every chunk.
 */
export const PREFIX_LENGTH = 7;
export const CHUNK_LENGTH = 64 * 1024;
const TAG_LENGTH = 16;
const SEALED_CHUNK_LENGTH = CHUNK_LENGTH + TAG_LENGTH;

// So many chunks are handed to WebCrypto at once: one at a time waits for a thread each time and runs at a tenth of the speed.
const CHUNKS_AT_ONCE = 64;

/** Bytes of ciphertext for so many bytes of plaintext. */
export const ciphertextLength = (plain: number): number => PREFIX_LENGTH + plain + TAG_LENGTH * Math.max(1, Math.ceil(plain / CHUNK_LENGTH));

/** Bytes of plaintext in so many bytes of ciphertext, or null where no plaintext gives that length. */
export function plaintextLength(cipher: number): number | null {
  const body = cipher - PREFIX_LENGTH;
  const plain = body - TAG_LENGTH * Math.ceil(body / SEALED_CHUNK_LENGTH);
  return body >= TAG_LENGTH && ciphertextLength(plain) === cipher ? plain : null;
}

/** Encrypts what flows through; a key is used for one stream only. */
export function encryption(key: Bytes, aad: Bytes): TransformStream<Uint8Array, Uint8Array> {
  const prefix = random(PREFIX_LENGTH);
  const imported = importKey(key, "encrypt");
  const chunks = new Chunks(CHUNK_LENGTH, async (chunk, number, last) =>
    new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce(prefix, number, last), additionalData: aad }, await imported, chunk)));
  return new TransformStream({
    start: (controller) => controller.enqueue(prefix.slice()),
    transform: (bytes, controller) => chunks.push(bytes, (done) => controller.enqueue(done)),
    flush: (controller) => chunks.finish((done) => controller.enqueue(done)),
  });
}

/** Decrypts what flows through; on an error (`cipher.truncated`, `cipher.extended`, `cipher.changed`) what came out before must be discarded. */
export function decryption(key: Bytes, aad: Bytes): TransformStream<Uint8Array, Uint8Array> {
  const prefix = new Uint8Array(PREFIX_LENGTH);
  let prefixed = 0;
  const imported = importKey(key, "decrypt");
  const decrypt = async (chunk: Bytes, number: number, last: boolean): Promise<Bytes> =>
    new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: nonce(prefix, number, last), additionalData: aad }, await imported, chunk));
  const open = async (chunk: Bytes, number: number, last: boolean): Promise<Bytes> => {
    // A last chunk without text after a full one would be a second ciphertext for the same plaintext.
    if (chunk.length < TAG_LENGTH || (chunk.length === TAG_LENGTH && number > 0)) throw truncated();
    try {
      return await decrypt(chunk, number, last);
    } catch (cause) {
      throw (await fitsAs(chunk, number, !last)) ? (last ? truncated() : new SealingError("cipher.extended", "The ciphertext goes on after its last chunk."))
        : new SealingError("cipher.changed", `Chunk ${number} is not what was encrypted here, or the key is another.`, { cause });
    }
  };
  const fitsAs = (chunk: Bytes, number: number, last: boolean): Promise<boolean> => decrypt(chunk, number, last).then(() => true, () => false);
  const chunks = new Chunks(SEALED_CHUNK_LENGTH, open);
  return new TransformStream({
    transform: (bytes, controller) => {
      const head = bytes.subarray(0, PREFIX_LENGTH - prefixed);
      prefix.set(head, prefixed);
      prefixed += head.length;
      return chunks.push(bytes.subarray(head.length), (done) => controller.enqueue(done));
    },
    flush: (controller) => {
      if (prefixed < PREFIX_LENGTH) throw truncated();
      return chunks.finish((done) => controller.enqueue(done));
    },
  });
}

type Work = (chunk: Bytes, number: number, last: boolean) => Promise<Bytes>;

/** Cuts a stream into chunks and works on many at once; whether a chunk is the last is known only once what follows has come. */
class Chunks {
  readonly #buffer: Bytes;
  #filled = 0;
  #number = 0;

  constructor(
    readonly length: number,
    readonly work: Work,
  ) {
    this.#buffer = new Uint8Array(length * CHUNKS_AT_ONCE);
  }

  async push(bytes: Uint8Array, out: (done: Bytes) => void): Promise<void> {
    for (let rest = bytes; rest.length > 0; ) {
      if (this.#filled === this.#buffer.length) out(await this.#workAll(false));
      const taken = rest.subarray(0, this.#buffer.length - this.#filled);
      this.#buffer.set(taken, this.#filled);
      this.#filled += taken.length;
      rest = rest.subarray(taken.length);
    }
  }

  async finish(out: (done: Bytes) => void): Promise<void> {
    out(await this.#workAll(true));
    this.#buffer.fill(0);
  }

  async #workAll(ends: boolean): Promise<Bytes> {
    const count = Math.max(1, Math.ceil(this.#filled / this.length));
    const done = await Promise.allSettled(Array.from({ length: count }, (_, i) =>
      this.work(this.#buffer.subarray(i * this.length, Math.min(this.#filled, (i + 1) * this.length)), this.#number + i, ends && i === count - 1)));
    this.#number += count;
    this.#filled = 0;
    // Of several chunks that fail the first one in the stream says why, whichever was worked on faster.
    return concat(...done.map((chunk) => {
      if (chunk.status === "rejected") throw chunk.reason;
      return chunk.value;
    }));
  }
}

function nonce(prefix: Uint8Array, number: number, last: boolean): Bytes {
  if (number > 0xffffffff) throw new RangeError("A stream has at most 2^32 chunks.");
  const bytes = new Uint8Array(12);
  bytes.set(prefix);
  new DataView(bytes.buffer).setUint32(PREFIX_LENGTH, number);
  bytes[11] = last ? 1 : 0;
  return bytes;
}

// AES-GCM would take 16 bytes too: the suite has one key length.
async function importKey(key: Bytes, use: "encrypt" | "decrypt"): Promise<CryptoKey> {
  if (key.length !== 32) throw new RangeError("The key has 32 bytes.");
  return crypto.subtle.importKey("raw", key, "AES-GCM", false, [use]);
}

const truncated = (): SealingError => new SealingError("cipher.truncated", "The ciphertext ends before its last chunk.");
