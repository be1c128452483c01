import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type BrowserContext, type Page } from "playwright-core";

const PACKAGE = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const CHROMIUM = "/usr/bin/chromium";

export const hasChromium = (): boolean => existsSync(CHROMIUM);

/** A headless Chromium with a worker of the built package, and the memory that its renderer takes. */
export class Browser {
  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    readonly server: Server,
    readonly profile: string,
  ) {}

  static async start(): Promise<Browser> {
    if (!existsSync(join(PACKAGE, "dist", "index.js"))) throw new Error("The package is not built: npm run build.");
    const server = createServer((request, response) => {
      const path = new URL(request.url ?? "/", "http://any").pathname;
      const file = path.startsWith("/dist/") ? join(PACKAGE, "dist", path.slice(6)) : path === "/worker.js" ? join(PACKAGE, "test", "browser", "worker.js") : null;
      response.setHeader("Content-Type", file ? "text/javascript" : "text/html");
      response.end(file && existsSync(file) ? readFileSync(file) : "<!doctype html><title>sealing</title>");
    });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    const profile = mkdtempSync(join(tmpdir(), "tendering-chromium-"));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: CHROMIUM,
      headless: true,
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    });
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.evaluate(() => {
      const worker = new Worker("/worker.js", { type: "module" });
      Object.assign(globalThis, {
        ask: (question: object) =>
          new Promise((resolve, reject) => {
            worker.onmessage = ({ data }: MessageEvent<{ result?: unknown; error?: string }>) => (data.error === undefined ? resolve(data.result) : reject(new Error(data.error)));
            worker.onerror = (e) => reject(new Error(e.message));
            worker.postMessage(question);
          }),
      });
    });
    return new Browser(context, page, server, profile);
  }

  ask<T>(question: { what: string; [option: string]: unknown }): Promise<T> {
    return this.page.evaluate((q) => (globalThis as unknown as { ask: (q: object) => Promise<unknown> }).ask(q), question) as Promise<T>;
  }

  /** Bytes that the renderers hold in memory while the work is done, at most; and before it. */
  async peakOf<T>(work: () => Promise<T>): Promise<{ result: T; before: number; peak: number }> {
    const pids = await this.#renderers();
    const resident = (): number => pids.reduce((sum, pid) => sum + residentOf(pid), 0);
    const before = resident();
    let peak = before;
    const timer = setInterval(() => (peak = Math.max(peak, resident())), 20);
    try {
      return { result: await work(), before, peak };
    } finally {
      clearInterval(timer);
    }
  }

  async stop(): Promise<void> {
    await this.context.close();
    this.server.close();
    rmSync(this.profile, { recursive: true, force: true });
  }

  async #renderers(): Promise<number[]> {
    const session = await this.context.browser()!.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    return processInfo.filter((process) => process.type === "renderer").map((process) => process.id);
  }
}

function residentOf(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
