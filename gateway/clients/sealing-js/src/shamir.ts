import { random, type Bytes } from "./bytes.js";

/** One custodian's share of a key: the x of its point (1 to 255) and the y of each byte. */
export interface Share {
  readonly index: number;
  readonly value: Uint8Array;
}

const COUNT_MAX = 255;

/** Shamir's secret sharing over GF(2^8) with the polynomial 0x11b; a threshold below 2 would let one holder open alone and is refused. */
export function split(secret: Uint8Array, threshold: number, count: number): Share[] {
  if (!(threshold >= 2 && count >= threshold && count <= COUNT_MAX && secret.length > 0)) throw new RangeError("There must be a secret and 2 <= threshold <= count <= 255.");
  const coefficients = random(secret.length * (threshold - 1));
  const shares = Array.from({ length: count }, (_, i) => ({ index: i + 1, value: evaluate(secret, coefficients, i + 1) }));
  coefficients.fill(0);
  return shares;
}

/** The secret, if at least the threshold of good shares is given; otherwise some other value, which only a commitment tells apart. */
export function combine(shares: readonly Share[]): Bytes {
  const length = shares[0]?.value.length ?? 0;
  const indexes = new Set(shares.map((share) => share.index));
  if (shares.length < 2 || length === 0 || indexes.size !== shares.length || indexes.has(0) || shares.some((share) => share.value.length !== length)) {
    throw new RangeError("At least two shares of one length with different indexes above zero are needed.");
  }
  const secret = new Uint8Array(length);
  for (const share of shares) {
    const weight = weightAtZero(share.index, indexes);
    for (let i = 0; i < length; i++) secret[i]! ^= multiply(share.value[i]!, weight);
  }
  return secret;
}

/** The index byte, then the value: what a share's hash is taken of and what is sealed to its custodian. */
export const encodeShare = (share: Share): Bytes => Uint8Array.of(share.index, ...share.value) as Bytes;

export const decodeShare = (encoded: Uint8Array): Share => ({ index: encoded[0] ?? 0, value: encoded.subarray(1) });

// The secret is the constant term; Horner's rule from the highest coefficient down.
function evaluate(secret: Uint8Array, coefficients: Uint8Array, x: number): Bytes {
  const value = new Uint8Array(secret.length);
  for (let at = coefficients.length - secret.length; at >= 0; at -= secret.length) {
    for (let i = 0; i < value.length; i++) value[i] = multiply(value[i]! ^ coefficients[at + i]!, x);
  }
  for (let i = 0; i < value.length; i++) value[i]! ^= secret[i]!;
  return value;
}

function weightAtZero(index: number, indexes: ReadonlySet<number>): number {
  let weight = 1;
  for (const other of indexes) if (other !== index) weight = multiply(weight, multiply(other, inverse(other ^ index)));
  return weight;
}

// No table and no branch on secret bits: tables of logarithms would show secret bytes through the cache.
function multiply(a: number, b: number): number {
  let product = 0;
  let shifted = a;
  for (let bit = 0; bit < 8; bit++) {
    product ^= shifted & -((b >> bit) & 1);
    shifted = (shifted << 1) ^ (0x11b & -(shifted >> 7));
  }
  return product & 0xff;
}

// a^254; indexes are public, so its running time hides nothing.
function inverse(a: number): number {
  let result = 1;
  for (let i = 0; i < 254; i++) result = multiply(result, a);
  return result;
}
