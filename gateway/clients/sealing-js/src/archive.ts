import { concat, utf8, type Bytes } from "./bytes.js";
import { SealingError } from "./sealingError.js";

/** One file of the archive. */
export interface ArchiveFile {
  /** With "/" between folders; brought to Unicode NFC. */
  readonly name: string;
  readonly content: Blob;
  readonly modified?: Date;
}

/** What an archive (ZIP) may hold; an unpacking reader refuses the same. */
export const ARCHIVE = { entriesMax: 10_000, nameBytesMax: 1_000, segmentBytesMax: 255, depthMax: 16 } as const;

const RESERVED = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(\.|$)/i;
// Control characters, what Windows forbids, and marks that make a name read otherwise than it is written.
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\\:*?"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/u;

/** Refuses (`archive.name`) a name that could leave the folder it is unpacked to, or that some system cannot hold or reads as another. */
export function checkName(name: string): void {
  const segments = name.split("/");
  const fits = name === name.normalize("NFC") && !FORBIDDEN.test(name) && utf8(name).length <= ARCHIVE.nameBytesMax && segments.length <= ARCHIVE.depthMax
    && segments.every((s) => s !== "" && s !== "." && s !== ".." && !/^ |[. ]$/.test(s) && !RESERVED.test(s) && utf8(s).length <= ARCHIVE.segmentBytesMax);
  if (!fits) throw new SealingError("archive.name", `The name ${JSON.stringify(name.slice(0, 80))} cannot stand in an archive.`);
}

/** Refuses (`archive.duplicate`) two names that differ only in case, and a file that is also a folder: on some systems one would replace the other. */
export function checkNames(names: readonly string[]): void {
  if (names.length > ARCHIVE.entriesMax) throw new SealingError("archive.too-many", `An archive has at most ${ARCHIVE.entriesMax} files.`);
  names.forEach(checkName);
  const files = new Set(names.map(folded));
  const folders = new Set(names.flatMap((name) => foldersOf(folded(name))));
  if (files.size !== names.length || [...files].some((file) => folders.has(file))) throw new SealingError("archive.duplicate", "Two files of the archive have one name, or differ only in upper and lower case.");
}

/**
 * The files as one ZIP, as it flows: each file is read twice, once for its checksum, and kept as it is, since bid documents are mostly compressed already.
 * At most 2 GiB in all.
 */
export function packArchive(files: readonly ArchiveFile[]): ReadableStream<Uint8Array> {
  const entries = files.map((file) => ({ ...file, name: file.name.normalize("NFC") }));
  checkNames(entries.map((entry) => entry.name));
  const pieces = write(entries);
  return new ReadableStream({
    async pull(controller) {
      const next = await pieces.next();
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
    cancel: () => void pieces.return(undefined),
  }, { highWaterMark: 1 });
}

async function* write(files: readonly ArchiveFile[]): AsyncGenerator<Bytes, undefined> {
  const directory: Bytes[] = [];
  let at = 0;
  for (const file of files) {
    const name = utf8(file.name);
    const fields = entryFields(await crcOf(file.content), file.content.size, name.length, file.modified ?? new Date());
    const local = concat(Uint8Array.of(0x50, 0x4b, 3, 4), fields, name);
    directory.push(concat(Uint8Array.of(0x50, 0x4b, 1, 2, 20, 0), fields, numbers([0, 2], [0, 2], [0, 2], [0, 4], [at, 4]), name));
    yield local;
    yield* slicesOf(file.content);
    at += local.length + file.content.size;
  }
  const size = directory.reduce((sum, entry) => sum + entry.length, 0);
  yield concat(...directory, Uint8Array.of(0x50, 0x4b, 5, 6), numbers([0, 2], [0, 2], [files.length, 2], [files.length, 2], [size, 4], [at, 4], [0, 2]));
}

// Version 2.0, names in UTF-8, stored.
const entryFields = (crc: number, size: number, nameLength: number, modified: Date): Bytes =>
  numbers([20, 2], [0x0800, 2], [0, 2], [dosTime(modified), 2], [dosDate(modified), 2], [crc, 4], [size, 4], [size, 4], [nameLength, 2], [0, 2]);

const dosTime = (at: Date): number => (at.getHours() << 11) | (at.getMinutes() << 5) | (at.getSeconds() >> 1);
const dosDate = (at: Date): number => ((Math.min(Math.max(at.getFullYear(), 1980), 2107) - 1980) << 9) | ((at.getMonth() + 1) << 5) | at.getDate();

function numbers(...fields: readonly (readonly [value: number, width: number])[]): Bytes {
  return Uint8Array.from(fields.flatMap(([value, width]) => Array.from({ length: width }, (_, i) => Math.floor(value / 256 ** i) % 256))) as Bytes;
}

async function* slicesOf(content: Blob): AsyncGenerator<Bytes, undefined> {
  const SLICE = 4 * 1024 * 1024;
  for (let at = 0; at < content.size; at += SLICE) yield new Uint8Array(await content.slice(at, at + SLICE).arrayBuffer());
}

async function crcOf(content: Blob): Promise<number> {
  let crc = 0xffffffff;
  for await (const slice of slicesOf(content)) for (const byte of slice) crc = CRC_TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

const folded = (name: string): string => name.toUpperCase();
const foldersOf = (name: string): string[] => name.split("/").slice(0, -1).map((_, i, all) => all.slice(0, i + 1).join("/"));
