import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { BlockDigest } from "../src/blockDigest.js";
import { seeded } from "./randomness.js";

const sha = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

describe("the block digest", () => {
  it.each([0, 1, BlockDigest.BLOCK_LENGTH - 1, BlockDigest.BLOCK_LENGTH, BlockDigest.BLOCK_LENGTH + 1, 2 * BlockDigest.BLOCK_LENGTH + 77])("of %i bytes is that of split and sha256sum", async (length) => {
    const random = seeded();
    const bytes = Buffer.alloc(length, random.bytes(997));
    const blocks: Buffer[] = [];
    for (let at = 0; at < length; at += BlockDigest.BLOCK_LENGTH) blocks.push(sha(bytes.subarray(at, at + BlockDigest.BLOCK_LENGTH)));
    const digest = new BlockDigest();
    for (let at = 0; at < length; ) {
      const piece = 1 + random.next(BlockDigest.BLOCK_LENGTH);
      await digest.append(bytes.subarray(at, at + piece));
      at += piece;
    }
    expect(digest.length).toBe(length);
    expect(await digest.finish()).toBe(sha(Buffer.concat(blocks)).toString("hex"));
  });
});
