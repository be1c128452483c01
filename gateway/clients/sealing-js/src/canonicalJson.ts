import { utf8, type Bytes } from "./bytes.js";
import { SealingError } from "./sealingError.js";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

// ECMAScript numbers are doubles: beyond 2^53 neighbouring integers share one text, and one of two signed values could replace the other.
const INTEGER_MAX = 2 ** 53;

/** Canonical bytes of a value (RFC 8785): keys sorted by UTF-16 code units, ECMAScript numbers, no white space, UTF-8. */
export const canonicalJson = (value: Json): Bytes => utf8(write(value));

/** Reads bytes that must already be canonical: any other byte form of the same value is refused. */
export function parseCanonical(bytes: Uint8Array): Json {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const value = JSON.parse(text) as Json;
    // A doubled key, white space, another number or order: each shows as a difference from the one form.
    if (write(value) === text) return value;
  } catch (cause) {
    throw malformed({ cause });
  }
  throw malformed();
}

function write(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  switch (typeof value) {
    case "string":
      return writeString(value);
    case "number":
      return writeNumber(value);
    case "boolean":
      return String(value);
    case "object": {
      if (value === null) return "null";
      const members = value as { readonly [key: string]: Json };
      // The default order of strings is that of their UTF-16 code units.
      return `{${Object.keys(members).sort().map((key) => `${writeString(key)}:${write(members[key]!)}`).join(",")}}`;
    }
    default:
      throw malformed();
  }
}

function writeString(value: string): string {
  if (/\p{Surrogate}/u.test(value)) throw new SealingError("json.not-unicode", "A text is not Unicode: it holds a lone surrogate.");
  return JSON.stringify(value);
}

function writeNumber(value: number): string {
  if (!Number.isFinite(value)) throw new SealingError("json.number", "There is no JSON for a number that is not finite.");
  const written = value === 0 ? "0" : String(value);
  if (Math.abs(value) > INTEGER_MAX && !written.includes("e")) throw new SealingError("json.number", `The integer ${written} is beyond 2^53; use a string.`);
  return written;
}

const malformed = (options?: ErrorOptions): SealingError => new SealingError("json.not-canonical", "The JSON is not in canonical form (RFC 8785).", options);
