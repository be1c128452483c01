// Runs in the browser: seals into the browser's private file storage and opens from there, as the portal's page does.
import { CustodianKey, judgeComplaint, makeComplaint, openPart, openRecoveryCopy, parseManifest, canonicalManifest, readSlices, seal, streamOf } from "/dist/index.js";

const SLICE = 4 * 1024 * 1024;
const block = new Uint8Array(SLICE);
for (let at = 0; at < SLICE; at += 65_536) crypto.getRandomValues(block.subarray(at, at + 65_536));

/** So many bytes that need no memory of their own. */
const source = (length) => {
  let at = 0;
  return new ReadableStream({ pull: (c) => (at >= length ? c.close() : (c.enqueue(block.subarray(0, Math.min(SLICE, length - at))), void (at += SLICE))) }, { highWaterMark: 0 });
};

async function sink(name) {
  const root = await navigator.storage.getDirectory();
  const handle = await (await root.getFileHandle(name, { create: true })).createSyncAccessHandle();
  handle.truncate(0);
  return new WritableStream({ write: (piece) => void handle.write(piece), close: () => { handle.flush(); handle.close(); } });
}

const does = {
  async seal({ length }) {
    const [a, b, recovery] = await Promise.all([CustodianKey.generate(), CustodianKey.generate(), CustodianKey.generate()]);
    const request = { tender: crypto.randomUUID(), lot: crypto.randomUUID(), bidder: crypto.randomUUID(), revision: 1, custodianKeys: [a.publicKey, b.publicKey], threshold: 2, recoveryKey: recovery.publicKey };
    const begun = performance.now();
    const manifest = await seal(request, { plain: streamOf(new TextEncoder().encode("a price")), cipher: await sink("price") }, { plain: source(length), cipher: await sink("files") });
    return { seconds: (performance.now() - begun) / 1000, manifest: new TextDecoder().decode(canonicalManifest(manifest)), recovery: await recovery.exportPem(), custodian: await a.exportPem() };
  },

  async open({ manifest, recovery }) {
    const read = await parseManifest(new TextEncoder().encode(manifest));
    const cek = await openRecoveryCopy(read, "files", await CustodianKey.importPem(recovery));
    const file = await (await (await navigator.storage.getDirectory()).getFileHandle("files")).getFile();
    const begun = performance.now();
    let [length, same] = [0, true];
    const reader = (await openPart(read, "files", cek, readSlices(file))).getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      for (let i = 0; i < next.value.length; i += 4_099) same &&= next.value[i] === block[(length + i) % SLICE];
      length += next.value.length;
    }
    return { seconds: (performance.now() - begun) / 1000, length, same };
  },

  async complain({ manifest, custodian }) {
    const read = await parseManifest(new TextEncoder().encode(manifest));
    const complaint = await makeComplaint(read, "price", 1, await CustodianKey.importPem(custodian));
    return { complaint, verdict: await judgeComplaint(read, "price", 1, complaint) };
  },

  // What WebCrypto needs at least: the same bytes in pieces of 4 MiB, each encrypted whole and each hashed, and nothing else.
  async floor({ length }) {
    const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt"]);
    const begun = performance.now();
    for (let at = 0; at < length; at += SLICE) {
      const piece = await crypto.subtle.encrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, key, block.subarray(0, Math.min(SLICE, length - at)));
      await crypto.subtle.digest("SHA-256", piece);
    }
    return { seconds: (performance.now() - begun) / 1000 };
  },
};

onmessage = async ({ data: { what, ...options } }) => {
  try {
    postMessage({ result: await does[what](options) });
  } catch (e) {
    postMessage({ error: `${e.name}: ${e.message}` });
  }
};
