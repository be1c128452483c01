import { concat, utf8, type Bytes } from "./bytes.js";
import { SealingError } from "./sealingError.js";

/** As much of DER (X.690) as a signature and a certificate request need. */
export const TAG = { INTEGER: 0x02, BIT_STRING: 0x03, OCTET_STRING: 0x04, OID: 0x06, UTF8: 0x0c, SEQUENCE: 0x30, SET: 0x31, UTC_TIME: 0x17, GENERALIZED_TIME: 0x18, CONTEXT_0: 0xa0 } as const;

export function der(tag: number, ...contents: readonly Uint8Array[]): Bytes {
  const content = concat(...contents);
  return concat(Uint8Array.of(tag, ...lengthOf(content.length)), content);
}

export const sequence = (...items: readonly Uint8Array[]): Bytes => der(TAG.SEQUENCE, ...items);

/** DER sorts the elements of a SET OF by their encodings. */
export const setOf = (tag: number, ...items: readonly Uint8Array[]): Bytes => der(tag, ...[...items].sort(compare));

/** A whole number without sign: leading zeros go, and a first bit of 1 gets a zero byte before it. */
export function integer(bytes: Uint8Array): Bytes {
  let at = 0;
  while (at < bytes.length - 1 && bytes[at] === 0) at++;
  return der(TAG.INTEGER, ...(bytes[at]! >= 0x80 ? [Uint8Array.of(0)] : []), bytes.subarray(at));
}

export function oid(dotted: string): Bytes {
  const [first, second, ...rest] = dotted.split(".").map(Number) as [number, number, ...number[]];
  return der(TAG.OID, Uint8Array.from([first * 40 + second, ...rest].flatMap(base128)));
}

export const utf8String = (text: string): Bytes => der(TAG.UTF8, utf8(text));

/** UTCTime until 2049, GeneralizedTime from then on (RFC 5652, 11.3). */
export function time(at: Date): Bytes {
  const digits = at.toISOString().replace(/\.\d+/, "").replace(/[-:T]/g, "");
  const year = at.getUTCFullYear();
  return year >= 1950 && year < 2050 ? der(TAG.UTC_TIME, utf8(digits.slice(2))) : der(TAG.GENERALIZED_TIME, utf8(digits));
}

/** One element: its tag, its whole encoding, its content, and where the next begins. */
export interface Element {
  readonly tag: number;
  readonly whole: Bytes;
  readonly content: Bytes;
  readonly end: number;
}

export function read(bytes: Bytes, at = 0): Element {
  let [length, start] = [bytes[at + 1] ?? Number.NaN, at + 2];
  if (length > 0x80) {
    const count = length & 0x7f;
    if (count > 4) throw malformed();
    length = bytes.subarray(start, start + count).reduce((sum, b) => sum * 256 + b, 0);
    start += count;
  }
  const end = start + length;
  if (!(end <= bytes.length) || bytes[at + 1] === 0x80) throw malformed();
  return { tag: bytes[at]!, whole: bytes.slice(at, end), content: bytes.slice(start, end), end };
}

/** The elements inside an element. */
export function children(parent: Element): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < parent.content.length; at = found.at(-1)!.end) found.push(read(parent.content, at));
  return found;
}

const lengthOf = (length: number): number[] => (length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : length < 0x10000 ? [0x82, length >> 8, length & 0xff] : [0x83, length >> 16, (length >> 8) & 0xff, length & 0xff]);

const base128 = (value: number): number[] => (value < 0x80 ? [value] : [...base128(Math.floor(value / 0x80)).map((b) => b | 0x80), value % 0x80]);

function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

const malformed = (): SealingError => new SealingError("der.malformed", "Not DER.");
