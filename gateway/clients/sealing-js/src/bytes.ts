/** Bytes with a buffer of their own, as WebCrypto asks for them. */
export type Bytes = Uint8Array<ArrayBuffer>;

const text = new TextEncoder();

export const utf8 = (value: string): Bytes => text.encode(value) as Bytes;

export function concat(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

export const random = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length));

/** Compares without telling by its time where two values differ. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

/** Lower-case hexadecimal, the one form in which hashes are written. */
export const toHex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

/** Decodes exactly `length` bytes, or gives null for other lengths, upper case and other characters. */
export function tryFromHex(hex: unknown, length: number): Bytes | null {
  if (typeof hex !== "string" || hex.length !== 2 * length || !/^[0-9a-f]*$/.test(hex)) return null;
  return Uint8Array.from({ length }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)) as Bytes;
}

/** Base64 without line breaks, in pieces: a spread of many arguments overflows the stack. */
export function toBase64(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += 0x6000) pieces.push(String.fromCharCode(...bytes.subarray(at, at + 0x6000)));
  return btoa(pieces.join(""));
}

export const fromBase64 = (base64: string): Bytes => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)) as Bytes;

/** Base64url without padding (RFC 4648 section 5). */
export const toBase64Url = (bytes: Uint8Array): string => toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** Decodes, or gives null for what another encoder would not write: two texts for one value would let a signed text be changed unnoticed. */
export function tryFromBase64Url(value: unknown): Bytes | null {
  if (typeof value !== "string" || !/^[A-Za-z0-9_-]*$/.test(value) || value.length % 4 === 1) return null;
  const bytes = fromBase64(value.replaceAll("-", "+").replaceAll("_", "/"));
  return toBase64Url(bytes) === value ? bytes : null;
}
