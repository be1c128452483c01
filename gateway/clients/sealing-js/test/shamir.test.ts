import { describe, expect, it } from "vitest";
import { combine, decodeShare, encodeShare, split } from "../src/shamir.js";
import { seeded } from "./randomness.js";
import { hex } from "./vectors.js";

describe("Shamir", () => {
  it("any threshold of shares give the secret, fewer do not", () => {
    const random = seeded();
    for (let round = 0; round < 200; round++) {
      const threshold = 2 + random.next(5);
      const count = threshold + random.next(8);
      const secret = random.bytes(32);
      const shares = split(secret, threshold, count);
      const chosen = [...shares].sort(() => random.next(2) - 0.5).slice(0, threshold);
      expect(combine(chosen)).toEqual(secret);
      if (threshold > 2) expect(combine(chosen.slice(1))).not.toEqual(secret);
    }
  });

  it("combines shares worked out by hand over the polynomial 0x11b", () => {
    // Secret 0x42, line 0x42 + 0x83·x: 0x83·1 = 0x83, 0x83·2 = 0x1d, 0x83·3 = 0x9e.
    const shares = [hex("01c1"), hex("025f"), hex("03dc")].map(decodeShare);
    expect(combine([shares[0]!, shares[2]!])).toEqual(hex("42"));
    expect(combine([shares[1]!, shares[2]!])).toEqual(hex("42"));
    expect(encodeShare(shares[1]!)).toEqual(hex("025f"));
  });

  it("refuses what cannot be shared or combined", () => {
    const secret = hex("01020304");
    expect(() => split(secret, 1, 3)).toThrow(RangeError);
    expect(() => split(secret, 4, 3)).toThrow(RangeError);
    expect(() => split(secret, 2, 256)).toThrow(RangeError);
    expect(() => split(hex(""), 2, 3)).toThrow(RangeError);
    const [a, b] = split(secret, 2, 3) as [ReturnType<typeof decodeShare>, ReturnType<typeof decodeShare>];
    expect(() => combine([a])).toThrow(RangeError);
    expect(() => combine([a, a])).toThrow(RangeError);
    expect(() => combine([a, { index: 0, value: b.value }])).toThrow(RangeError);
    expect(() => combine([a, { index: 2, value: b.value.slice(1) }])).toThrow(RangeError);
  });
});
