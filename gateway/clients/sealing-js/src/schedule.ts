import type { Bytes } from "./bytes.js";
import { canonicalJson, parseCanonical, type Json } from "./canonicalJson.js";
import type { BidIdentity } from "./context.js";
import { hasExactly, isId, isObject, LENGTH_MAX } from "./manifest.js";
import { SealingError } from "./sealingError.js";

/** The price record of a bid, read out at the opening (开标一览表); its canonical JSON is the plaintext of the part `price`. */
export interface OpeningSchedule extends BidIdentity {
  readonly version: "1";
  /** In minor units of the currency, fen for CNY; more than zero. */
  readonly price: number;
  /** ISO 4217 code. */
  readonly currency: string;
  /** Days to deliver or build, where asked for. */
  readonly deliveryDays: number | null;
  readonly projectManager: string | null;
  readonly remarks: string | null;
}

const MEMBERS = ["bidder", "currency", "deliveryDays", "lot", "price", "projectManager", "remarks", "revision", "tender", "version"];
const DELIVERY_DAYS_MAX = 36_500;
const PROJECT_MANAGER_LENGTH_MAX = 100;
const REMARKS_LENGTH_MAX = 2_000;

// The alphabetic codes that pay for things: no metals, funds codes or test codes.
const CURRENCIES = new Set((
  "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK " +
  "DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD " +
  "KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG " +
  "QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES " +
  "VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG").split(" "));

/** Canonical bytes, after the checks that the opening makes: a schedule that would be refused there is refused here. */
export function canonicalSchedule(schedule: OpeningSchedule): Bytes {
  refuseUnfit(schedule);
  return canonicalJson(schedule as unknown as Json);
}

/** Reads the price record of this very bid: every value is checked, and tender, lot, bidder and revision must be the manifest's. */
export function parseSchedule(canonical: Uint8Array, of?: BidIdentity): OpeningSchedule {
  const schedule = parse(canonical);
  refuseUnfit(schedule);
  if (of && (schedule.tender !== of.tender || schedule.lot !== of.lot || schedule.bidder !== of.bidder || schedule.revision !== of.revision)) {
    throw new SealingError("schedule.identity", "The price record belongs to another bid than its manifest.");
  }
  return schedule;
}

function parse(canonical: Uint8Array): OpeningSchedule {
  if (canonical.length > LENGTH_MAX.price) throw malformed();
  try {
    const value = parseCanonical(canonical);
    if (isObject(value) && hasExactly(value, MEMBERS) && typeof value["currency"] === "string" && typeof value["version"] === "string" && Number.isSafeInteger(value["revision"])) {
      return value as unknown as OpeningSchedule;
    }
  } catch (cause) {
    throw malformed({ cause });
  }
  throw malformed();
}

function refuseUnfit(schedule: OpeningSchedule): void {
  const { price, deliveryDays, projectManager, remarks } = schedule;
  require([schedule.tender, schedule.lot, schedule.bidder].every(isId) && isText(projectManager) && isText(remarks) && typeof price === "number", "malformed", "The price record is not that of an opening schedule.");
  require(schedule.version === "1", "version", "The version is not 1.");
  require(Number.isSafeInteger(price) && price > 0, "price", "The price is not a whole number of minor units above zero.");
  require(CURRENCIES.has(schedule.currency), "currency", "The currency is not an ISO 4217 code.");
  require(deliveryDays === null || (Number.isInteger(deliveryDays) && deliveryDays > 0 && deliveryDays <= DELIVERY_DAYS_MAX), "delivery-days", `The delivery time is not 1 to ${DELIVERY_DAYS_MAX} days.`);
  require((projectManager?.length ?? 0) <= PROJECT_MANAGER_LENGTH_MAX && (remarks?.length ?? 0) <= REMARKS_LENGTH_MAX, "too-long", "The project manager's name or the remarks are too long.");
}

const isText = (value: unknown): boolean => value === null || typeof value === "string";

function require(holds: boolean, fault: string, message: string): void {
  if (!holds) throw new SealingError(`schedule.${fault}`, message);
}

const malformed = (options?: ErrorOptions): SealingError => new SealingError("schedule.malformed", "The price record is not canonical JSON of the opening schedule.", options);
