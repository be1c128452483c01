/** Sealed bids, suite 1, on WebCrypto alone: byte for byte what services/Protocols gives. Nothing here speaks to a network. */
export { ARCHIVE, checkName, checkNames, packArchive, type ArchiveFile } from "./archive.js";
export { BlockDigest } from "./blockDigest.js";
export { fromBase64, toBase64, toBase64Url, toHex, tryFromBase64Url, tryFromHex, type Bytes } from "./bytes.js";
export { canonicalJson, parseCanonical, type Json } from "./canonicalJson.js";
export { judgeComplaint, makeComplaint, type ComplaintVerdict, type ShareComplaint } from "./complaint.js";
export type { BidIdentity } from "./context.js";
export { CustodianKey } from "./keys.js";
export { canonicalManifest, LENGTH_MAX, MANIFEST_BYTES_MAX, manifestHash, parseManifest, PARTS, partOf, type BidManifest, type ManifestPart, type PartName } from "./manifest.js";
export { ciphertextMatches, commitmentHolds, openPart, openRecoveryCopy, openShare, rebuildKey, shareMatches } from "./opener.js";
export { verifyReceipt, type ReceiptClaims } from "./receipt.js";
export { canonicalSchedule, parseSchedule, type OpeningSchedule } from "./schedule.js";
export { seal, type PartStreams, type SealingRequest } from "./sealer.js";
export { SealingError } from "./sealingError.js";
export { SigningKey } from "./signing.js";
export { ciphertextLength, plaintextLength } from "./streamCipher.js";
export { readAll, readSlices, streamOf } from "./streams.js";
