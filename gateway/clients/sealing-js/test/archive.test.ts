import { describe, expect, it } from "vitest";
import { crc32 } from "./crc32.js";
import { ARCHIVE, checkName, checkNames, packArchive } from "../src/archive.js";
import { readAll } from "../src/streams.js";
import { seeded } from "./randomness.js";

const code = (expected: string): Error => expect.objectContaining({ code: expected }) as Error;

describe("an archive", () => {
  it("is a ZIP of stored files whose directory points to each", async () => {
    const random = seeded();
    const contents = [random.bytes(0), random.bytes(10), random.bytes(70_000)];
    const names = ["技术方案/说明.txt", "empty", "a/b/c.pdf"];
    const zip = Buffer.from(await readAll(packArchive(contents.map((content, i) => ({ name: names[i]!, content: new Blob([content]) })))));
    const end = zip.length - 22;
    expect(zip.readUInt32LE(end)).toBe(0x06054b50);
    expect([zip.readUInt16LE(end + 8), zip.readUInt16LE(end + 10)]).toEqual([3, 3]);
    let at = zip.readUInt32LE(end + 16);
    for (const [i, content] of contents.entries()) {
      expect(zip.readUInt32LE(at)).toBe(0x02014b50);
      const [local, nameLength] = [zip.readUInt32LE(at + 42), zip.readUInt16LE(at + 28)];
      expect(zip.subarray(at + 46, at + 46 + nameLength).toString("utf8")).toBe(names[i]);
      expect(zip.readUInt32LE(local)).toBe(0x04034b50);
      expect(zip.readUInt32LE(local + 14)).toBe(crc32(content));
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      expect(Buffer.compare(zip.subarray(start, start + content.length), content)).toBe(0);
      at += 46 + nameLength;
    }
    expect(at).toBe(end);
  });

  it.each([
    "", ".", "..", "../x", "a/../b", "a/./b", "/etc/passwd", "a//b", "a/", "C:\\x", "C:x", "c:/x", "a\\b", "\\\\server\\x", "x\0.pdf", "x\n", "CON", "con.txt", "a/NUL", "lpt1.pdf", "COM¹", "con .txt", "x.", "x ", " x",
    "a:stream", "a?", "a*", 'a"', "a<b", "a|b", "e\u0301", "\u202Efdp.exe", "a\ud800", "x".repeat(256), "好".repeat(86), Array.from({ length: 17 }, () => "a").join("/"), Array.from({ length: 9 }, () => "a".repeat(120)).join("/"),
  ])("does not take the name %j", (name) => {
    expect(() => checkName(name)).toThrow(code("archive.name"));
  });

  it.each(["报价说明.pdf", "a/b/c.txt", "x".repeat(255), "好".repeat(85), "..a", "a..b", ".hidden", "console.txt", "comma", "100%.txt", "a b", "\u00e9"])("takes the name %j", (name) => {
    expect(() => checkName(name)).not.toThrow();
  });

  it("does not take names of which one would replace the other", () => {
    for (const names of [["a", "a"], ["a.pdf", "A.PDF"], ["Ä", "ä"], ["a", "a/b"], ["A/b", "a"], ["straße", "STRASSE"]]) expect(() => checkNames(names)).toThrow(code("archive.duplicate"));
    expect(() => checkNames(["a", "b", "c/a", "c/b", "C/d"])).not.toThrow();
    expect(() => checkNames(Array.from({ length: ARCHIVE.entriesMax + 1 }, (_, i) => `f${i}`))).toThrow(code("archive.too-many"));
  });
});
