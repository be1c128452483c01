// Seals or opens a bid in a folder with the built package: the other half of a test that is written in C#.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { canonicalManifest, CustodianKey, judgeComplaint, makeComplaint, manifestHash, openPart, openRecoveryCopy, openShare, packArchive, parseManifest, PARTS, readAll, rebuildKey, seal, SigningKey, streamOf, verifyReceipt } from "../dist/index.js";

const [what, folder] = process.argv.slice(2);
const text = (name) => readFileSync(join(folder, name), "utf8");
const bytes = (name) => new Uint8Array(readFileSync(join(folder, name)));
const write = (name, content) => writeFileSync(join(folder, name), content);
const passphrase = "a passphrase 口令";

const does = {
  async seal() {
    const request = JSON.parse(text("request.json"));
    const ciphers = { price: [], files: [] };
    const part = (name) => ({ plain: streamOf(bytes(`${name}.plain`)), cipher: new WritableStream({ write: (piece) => void ciphers[name].push(piece) }) });
    const manifest = await seal(request, part("price"), part("files"));
    for (const name of PARTS) write(`${name}.sealed`, Buffer.concat(ciphers[name]));
    write("manifest.json", canonicalManifest(manifest));
    const key = await SigningKey.importProtected(text("signing.json"), passphrase);
    write("bid.p7s", await key.signManifest(manifest, text("certificate.pem"), new Date(request.at)));
    write("hash", await manifestHash(manifest));
  },

  async open() {
    const manifest = await parseManifest(bytes("manifest.json"));
    const custodians = await Promise.all([1, 3].map(async (index) => [index, await CustodianKey.importPem(text(`custodian-${index}.pem`))]));
    const recovery = await CustodianKey.importProtected(text("recovery.json"), passphrase);
    for (const name of PARTS) {
      const cek = rebuildKey(await Promise.all(custodians.map(([index, key]) => openShare(manifest, name, index, key))));
      write(`${name}.shares-opened`, await readAll(await openPart(manifest, name, cek, streamOf(bytes(`${name}.sealed`)))));
      write(`${name}.recovery-opened`, await readAll(await openPart(manifest, name, await openRecoveryCopy(manifest, name, recovery), streamOf(bytes(`${name}.sealed`)))));
    }
    write("hash", await manifestHash(manifest));
    write("receipt.json", JSON.stringify(await verifyReceipt(text("receipt.jws"), JSON.parse(text("receipt-key.json")))));
  },

  async complain() {
    const manifest = await parseManifest(bytes("manifest.json"));
    const made = [];
    for (const part of PARTS) for (const index of [1, 2, 3]) made.push({ part, index, complaint: await makeComplaint(manifest, part, index, await CustodianKey.importPem(text(`custodian-${index}.pem`))) });
    write("complaints.json", JSON.stringify(made));
  },

  async judge() {
    const manifest = await parseManifest(bytes("manifest.json"));
    const verdicts = [];
    for (const { part, index, complaint } of JSON.parse(text("complaints.json"))) verdicts.push(await judgeComplaint(manifest, part, index, complaint));
    write("verdicts.json", JSON.stringify(verdicts));
  },

  async keys() {
    const [custodian, signing] = [await CustodianKey.generate(), await SigningKey.generate()];
    write("custodian.json", await custodian.exportProtected(passphrase));
    write("custodian.pem", await custodian.exportPem());
    write("custodian.pub", custodian.publicKey);
    write("signing.json", await signing.exportProtected(passphrase));
    write("request.pem", await signing.certificateRequest("某某建设有限公司"));
  },

  async archive() {
    write("archive.zip", await readAll(packArchive([{ name: "技术方案/说明.txt", content: new Blob([bytes("a")]) }, { name: "empty", content: new Blob([]) }])));
  },
};

await does[what]();
