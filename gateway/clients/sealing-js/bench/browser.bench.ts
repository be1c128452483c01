import { expect, it } from "vitest";
import { Browser } from "../test/browser/browser.js";

const MB = 1_000_000;
const MIB = 1024 * 1024;
const LENGTH = Number(process.env["LENGTH_MB"] ?? 500) * MB;

interface Sealed {
  readonly seconds: number;
  readonly manifest: string;
  readonly recovery: string;
}

it("seals and opens a large file in little memory", async () => {
  const browser = await Browser.start();
  try {
    await browser.ask({ what: "seal", length: 16 * MB });
    const floor = await browser.ask<{ seconds: number }>({ what: "floor", length: LENGTH });
    const sealing = await browser.peakOf(() => browser.ask<Sealed>({ what: "seal", length: LENGTH }));
    const opening = await browser.peakOf(() => browser.ask<{ seconds: number; length: number; same: boolean }>({ what: "open", manifest: sealing.result.manifest, recovery: sealing.result.recovery }));
    expect(opening.result).toMatchObject({ length: LENGTH, same: true });
    const figures = [
      `FIGURE browser_floor ${rate(floor.seconds)} MB/s`,
      `FIGURE browser_seal ${rate(sealing.result.seconds)} MB/s`,
      `FIGURE browser_open ${rate(opening.result.seconds)} MB/s`,
      `FIGURE browser_seal_memory ${((sealing.peak - sealing.before) / MIB).toFixed(0)} MiB over ${(sealing.before / MIB).toFixed(0)} for ${LENGTH / MB} MB`,
      `FIGURE browser_open_memory ${((opening.peak - opening.before) / MIB).toFixed(0)} MiB over ${(opening.before / MIB).toFixed(0)} for ${LENGTH / MB} MB`,
      `RATIO browser_seal_per_webcrypto ${(floor.seconds / sealing.result.seconds).toFixed(2)}`,
    ];
    process.stdout.write(`${figures.join("\n")}\n`);
  } finally {
    await browser.stop();
  }
}, 600_000);

const rate = (seconds: number): string => (LENGTH / MB / seconds).toFixed(0);
