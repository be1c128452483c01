import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Published test vectors, kept in shared/vectors beside the project or one of its ancestors; null where they are not. */
export function vectors<T>(path: string): T | null {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    const file = join(folder, "shared", "vectors", path);
    if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as T;
  }
  return null;
}

export const hex = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
