import { fromBase64, toBase64, type Bytes } from "./bytes.js";
import { SealingError } from "./sealingError.js";

export const toPem = (der: Uint8Array, label: string): string => `-----BEGIN ${label}-----\n${toBase64(der).replace(/.{64}(?=.)/g, "$&\n")}\n-----END ${label}-----`;

/** The first block of the label in a PEM text. */
export function fromPem(pem: string, label: string): Bytes {
  const body = new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`).exec(pem)?.[1];
  if (body === undefined) throw new SealingError("pem.missing", `There is no PEM block "${label}".`);
  return fromBase64(body.replace(/\s/g, ""));
}
