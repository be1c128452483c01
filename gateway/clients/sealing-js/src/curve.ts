import type { Bytes } from "./bytes.js";
import { concat, toHex } from "./bytes.js";
import { der, integer, oid, sequence, TAG } from "./der.js";
import { ENCAPSULATION_LENGTH, importPoint, P256 } from "./hpke.js";

/** A point of P-256 in affine coordinates; never the point at infinity. */
export interface CurvePoint {
  readonly x: bigint;
  readonly y: bigint;
}

/** Arithmetic on P-256 over public values; multiplications by secrets go through WebCrypto's key agreement. */
const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
export const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
export const GENERATOR: CurvePoint = {
  x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
};

const EC_P256 = sequence(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7"));

export const numberOf = (bigEndian: Uint8Array): bigint => BigInt(`0x${toHex(bigEndian) || "0"}`);

export function bytesOf(value: bigint, length = 32): Bytes {
  const digits = value.toString(16).padStart(2 * length, "0");
  return Uint8Array.from({ length }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16)) as Bytes;
}

export const compress = ({ x, y }: CurvePoint): Bytes => concat(Uint8Array.of(y & 1n ? 3 : 2), bytesOf(x));

/** Reads 33 bytes of a compressed point, or gives null if no point of the curve has that form. */
export function decompress(compressed: Uint8Array): CurvePoint | null {
  const x = numberOf(compressed.subarray(1));
  if (compressed.length !== 33 || (compressed[0] !== 2 && compressed[0] !== 3) || x >= P) return null;
  const square = mod(x * x * x - 3n * x + B);
  const y = power(square, (P + 1n) / 4n);
  if (mod(y * y) !== square) return null;
  return { x, y: Number(y & 1n) === compressed[0] - 2 ? y : P - y };
}

/** Reads an uncompressed point (65 bytes), or gives null if it lies not on the curve. */
export function pointOf(uncompressed: Uint8Array): CurvePoint | null {
  if (uncompressed.length !== ENCAPSULATION_LENGTH || uncompressed[0] !== 4) return null;
  const [x, y] = [numberOf(uncompressed.subarray(1, 33)), numberOf(uncompressed.subarray(33))];
  return x < P && y < P && mod(x * x * x - 3n * x + B - y * y) === 0n ? { x, y } : null;
}

export const negate = ({ x, y }: CurvePoint): CurvePoint => ({ x, y: P - y });

/** The sum, or null for the point at infinity. */
export function add(p: CurvePoint | null, q: CurvePoint | null): CurvePoint | null {
  if (!p || !q) return p ?? q;
  if (p.x === q.x && p.y !== q.y) return null;
  // No point of P-256 has y = 0, the order being an odd prime, so doubling never divides by zero.
  const slope = p.x === q.x ? mod((3n * p.x * p.x - 3n) * inverse(2n * p.y)) : mod((q.y - p.y) * inverse(q.x - p.x));
  const x = mod(slope * slope - p.x - q.x);
  return { x, y: mod(slope * (p.x - x) - p.y) };
}

/** Double and add, in a time that depends on the number: for public numbers only. */
export function multiply(number: bigint, point: CurvePoint): CurvePoint | null {
  let result: CurvePoint | null = null;
  for (let doubled: CurvePoint | null = point; number > 0n; number >>= 1n, doubled = add(doubled, doubled)) if (number & 1n) result = add(result, doubled);
  return result;
}

/**
 * The product with a secret number between 1 and the order, computed by WebCrypto. Its key agreement gives only x; of the two points with that x the right one is told by
 * the product with the next number.
 */
export async function multiplySecret(number: bigint, point: CurvePoint): Promise<CurvePoint> {
  const down = number === ORDER - 1n;
  const neighbour = await agree(down ? number - 1n : number + 1n, point);
  const candidate = decompress(concat(Uint8Array.of(2), bytesOf(await agree(number, point))))!;
  const next = add(candidate, down ? negate(point) : point);
  return next?.x === neighbour ? candidate : negate(candidate);
}

async function agree(number: bigint, { x, y }: CurvePoint): Promise<bigint> {
  const pkcs8 = sequence(integer(Uint8Array.of(0)), EC_P256, der(TAG.OCTET_STRING, sequence(integer(Uint8Array.of(1)), der(TAG.OCTET_STRING, bytesOf(number)))));
  const own = await crypto.subtle.importKey("pkcs8", pkcs8, P256, false, ["deriveBits"]);
  const other = await importPoint(concat(Uint8Array.of(4), bytesOf(x), bytesOf(y)));
  return numberOf(new Uint8Array(await crypto.subtle.deriveBits({ name: "ECDH", public: other }, own, 256)));
}

function mod(value: bigint): bigint {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

const inverse = (value: bigint): bigint => power(mod(value), P - 2n);

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = base; exponent > 0n; exponent >>= 1n, square = mod(square * square)) if (exponent & 1n) result = mod(result * square);
  return result;
}
