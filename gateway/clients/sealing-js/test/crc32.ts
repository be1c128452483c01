import { gzipSync } from "node:zlib";

/** CRC-32 by zlib, which ends a gzip stream with it. */
export function crc32(bytes: Uint8Array): number {
  const gzip = gzipSync(bytes);
  return gzip.readUInt32LE(gzip.length - 8);
}
