import { concat, sha256, toHex, type Bytes } from "./bytes.js";

/** SHA-256 over the concatenated SHA-256 of a byte string's 4 MiB blocks, the last one shorter: WebCrypto hashes blocks natively but no stream. */
export class BlockDigest {
  static readonly BLOCK_LENGTH = 4 * 1024 * 1024;

  readonly #block = new Uint8Array(BlockDigest.BLOCK_LENGTH);
  readonly #hashes: Bytes[] = [];
  #filled = 0;
  #length = 0;

  /** Bytes appended so far. */
  get length(): number {
    return this.#length;
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.#length += bytes.length;
    for (let rest = bytes; rest.length > 0; ) {
      const taken = rest.subarray(0, BlockDigest.BLOCK_LENGTH - this.#filled);
      this.#block.set(taken, this.#filled);
      this.#filled += taken.length;
      rest = rest.subarray(taken.length);
      if (this.#filled === BlockDigest.BLOCK_LENGTH) await this.#endBlock();
    }
  }

  /** The digest of everything appended, 64 lower-case hexadecimal digits. */
  async finish(): Promise<string> {
    if (this.#filled > 0) await this.#endBlock();
    return toHex(await sha256(concat(...this.#hashes)));
  }

  /** Passes on what flows through and appends it. */
  through(): TransformStream<Uint8Array, Uint8Array> {
    return new TransformStream({
      transform: async (bytes, controller) => {
        await this.append(bytes);
        controller.enqueue(bytes);
      },
    });
  }

  async #endBlock(): Promise<void> {
    this.#hashes.push(await sha256(this.#block.subarray(0, this.#filled)));
    this.#filled = 0;
  }
}
