import { describe, expect, it } from "vitest";
import { concat, utf8, type Bytes } from "../src/bytes.js";
import { CHUNK_LENGTH, ciphertextLength, decryption, encryption, plaintextLength, PREFIX_LENGTH } from "../src/streamCipher.js";
import { readAll, streamOf } from "../src/streams.js";
import { seeded, type Random } from "./randomness.js";

const aad = utf8("tendering/v1/part|of a test");
const SEALED = CHUNK_LENGTH + 16;

const encrypt = (plain: Uint8Array, key: Bytes, random?: Random): Promise<Bytes> => readAll(pieces(plain, random).pipeThrough(encryption(key, aad)));
const decrypt = (cipher: Uint8Array, key: Bytes, random?: Random): Promise<Bytes> => readAll(pieces(cipher, random).pipeThrough(decryption(key, aad)));

/** The bytes as a stream whose pieces end where chance has it. */
function pieces(bytes: Uint8Array, random?: Random): ReadableStream<Uint8Array> {
  if (!random) return streamOf(bytes);
  const cut: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + random.next(random.next(4) === 0 ? 20 : 3 * CHUNK_LENGTH);
    cut.push(bytes.subarray(at, at + length));
    at += length;
  }
  return streamOf(...cut);
}

describe("the stream cipher", () => {
  it.each([0, 1, 100, CHUNK_LENGTH - 1, CHUNK_LENGTH, CHUNK_LENGTH + 1, 3 * CHUNK_LENGTH, 64 * CHUNK_LENGTH, 64 * CHUNK_LENGTH + 1])("seals and opens %i bytes, however they come", async (length) => {
    const random = seeded();
    const [plain, key] = [random.bytes(length), random.bytes(32)];
    const cipher = await encrypt(plain, key, random);
    expect(cipher.length).toBe(ciphertextLength(length));
    expect(plaintextLength(cipher.length)).toBe(length);
    expect(Buffer.compare(await decrypt(cipher, key, random), plain)).toBe(0);
  });

  it("knows which lengths no plaintext gives", () => {
    for (const length of [0, 7, 22, PREFIX_LENGTH + SEALED + 1, PREFIX_LENGTH + SEALED + 16]) expect(plaintextLength(length)).toBeNull();
  });

  it("notices a cut at every chunk's border and in between", async () => {
    const random = seeded();
    const key = random.bytes(32);
    const cipher = await encrypt(random.bytes(3 * CHUNK_LENGTH), key);
    const cuts = [0, 1, 6, 7, 8, PREFIX_LENGTH + SEALED, PREFIX_LENGTH + 2 * SEALED, PREFIX_LENGTH + 2 * SEALED + 15, PREFIX_LENGTH + 2 * SEALED + 16, cipher.length - 1];
    for (const cut of cuts) await expect(decrypt(cipher.subarray(0, cut), key)).rejects.toMatchObject({ code: expect.stringMatching(/^cipher\.(truncated|changed)$/) as string });
    await expect(decrypt(cipher.subarray(0, PREFIX_LENGTH + SEALED), key)).rejects.toMatchObject({ code: "cipher.truncated" });
  });

  it("notices what is appended, left out, repeated or exchanged", async () => {
    const random = seeded();
    const key = random.bytes(32);
    const cipher = await encrypt(random.bytes(3 * CHUNK_LENGTH), key);
    const [prefix, a, b, c] = [cipher.subarray(0, 7), ...[0, 1, 2].map((i) => cipher.subarray(7 + i * SEALED, 7 + (i + 1) * SEALED))] as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const other = await encrypt(random.bytes(3 * CHUNK_LENGTH), key);
    await expect(decrypt(concat(prefix, a, b, c, c), key)).rejects.toMatchObject({ code: "cipher.extended" });
    for (const forged of [concat(cipher, Uint8Array.of(0)), concat(prefix, a, c), concat(prefix, b, a, c), concat(prefix, a, a, c), concat(prefix, a, b, other.subarray(7 + 2 * SEALED)), concat(cipher, new Uint8Array(16))]) {
      await expect(decrypt(forged, key)).rejects.toMatchObject({ code: expect.stringMatching(/^cipher\./) as string });
    }
  });

  it("notices any bit flipped", async () => {
    const random = seeded();
    const key = random.bytes(32);
    const small = await encrypt(random.bytes(40), key);
    const large = await encrypt(random.bytes(2 * CHUNK_LENGTH + 5), key);
    const bits = [...Array.from({ length: small.length * 8 }, (_, bit) => [small, bit] as const), ...Array.from({ length: 40 }, () => [large, random.next(large.length * 8)] as const)];
    for (const [cipher, bit] of bits) {
      const changed = cipher.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      await expect(decrypt(changed, key)).rejects.toMatchObject({ code: "cipher.changed" });
    }
  });

  it("opens with no other key or associated data", async () => {
    const random = seeded();
    const key = random.bytes(32);
    const cipher = await encrypt(utf8("price"), key);
    await expect(decrypt(cipher, random.bytes(32))).rejects.toMatchObject({ code: "cipher.changed" });
    await expect(readAll(streamOf(cipher).pipeThrough(decryption(key, utf8("tendering/v1/part|of another"))))).rejects.toMatchObject({ code: "cipher.changed" });
    await expect(decrypt(cipher, random.bytes(16))).rejects.toThrow();
  });
});
