import { afterEach } from "vitest";

/** Random tests that can be repeated: a failing test's report shows the seed it ran with; SEED in the environment repeats it. */
export class Random {
  #state: number;

  constructor(readonly seed: number) {
    this.#state = seed;
  }

  /** A whole number from 0 to below `bound`. */
  next(bound: number): number {
    // Mulberry32: 32 bits of state are plenty for choosing test data.
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * bound);
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.next(256));
  }
}

const used: number[] = [];

export function seeded(): Random {
  const random = new Random(Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31)));
  used.push(random.seed);
  return random;
}

afterEach(({ task }) => {
  if (used.length > 0) console.log(`${task.name}: seed ${used.splice(0).join(", ")}`);
});
