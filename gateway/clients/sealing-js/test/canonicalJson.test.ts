import { describe, expect, it } from "vitest";
import { utf8 } from "../src/bytes.js";
import { canonicalJson, parseCanonical, type Json } from "../src/canonicalJson.js";

const text = (value: Json): string => new TextDecoder().decode(canonicalJson(value));

describe("canonical JSON", () => {
  it("is RFC 8785's own example", () => {
    const value = { numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001], string: '\u20ac$\u000f\u000aA\'\u0042\u0022\u005c\\"/', literals: [null, true, false] };
    expect(text(value)).toBe('{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}');
  });

  it("sorts keys by UTF-16 code units", () => {
    expect(text({ "€": 1, "\r": 2, "\ufb33": 3, "1": 4, "😀": 5, "\u0080": 6, "ö": 7 })).toBe('{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}');
  });

  it.each(['{"a":1,"a":1}', '{"b":1,"a":2}', '{"a": 1}', '{"a":1.0}', '{"a":1e2}', '{"a":-0}', '"\\u0041"', '"\\/"', "\ufeff1", "1 ", '{"a":9007199254740993}', '"\\ud800"', "", "{", "NaN"])("refuses %j", (bad) => {
    expect(() => parseCanonical(utf8(bad))).toThrow();
  });

  it("refuses ill-formed UTF-8, lone surrogates, and integers that share their text with a neighbour", () => {
    expect(() => parseCanonical(Uint8Array.of(0x22, 0xff, 0x22))).toThrow();
    expect(() => text("\ud83d")).toThrow();
    expect(() => text(2 ** 53 + 2)).toThrow();
    expect(() => text(Number.NaN)).toThrow();
    expect(text(2 ** 53)).toBe("9007199254740992");
    expect(text(-0)).toBe("0");
  });
});
