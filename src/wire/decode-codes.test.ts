import { expect, test } from "vitest";
import { packAlpha3, unpackAlpha3 } from "../base/units.js";
import { countryFrom, currencyFrom, unknownCurrency } from "./decode-codes.js";

const country = (text: string): string => {
  const bytes = new TextEncoder().encode(text);
  return unpackAlpha3(countryFrom(bytes, 0, bytes.length));
};

test("alpha-3 codes are packed in upper case, other texts are none", () => {
  expect(country("usa")).toBe("USA");
  expect(["", "U", "U5", "US1", "USAA", "é", "[\\"].map(country)).toEqual([
    "",
    "",
    "",
    "",
    "",
    "",
    "",
  ]);
});

test("every assigned alpha-2 code has an alpha-3 code of its own, and no other has one", () => {
  const letters = Array.from({ length: 26 }, (_, i) => String.fromCharCode(65 + i));
  const pairs = letters.flatMap((first) => letters.map((second) => first + second));
  // names of regions come with the runtime; these it names are no countries of ISO 3166-1
  const names = new Intl.DisplayNames(["en"], { type: "region", fallback: "none" });
  const notIso = new Set(
    (
      "AC AN BU CP CQ CS DD DG DY EA EU EZ FX HV IC NH NT QO RH SU TA TP UK UN VD XA XB YD YU " +
      "ZR ZZ"
    ).split(" "),
  );
  const assigned = pairs.filter((pair) => !notIso.has(pair) && names.of(pair) !== undefined);
  const known = pairs.filter((pair) => country(pair) !== "");
  expect(known.length).toBe(250);
  expect(known.filter((pair) => !assigned.includes(pair))).toEqual([]);
  expect(assigned.filter((pair) => !known.includes(pair))).toEqual([]);
  expect(new Set(known.map(country)).size).toBe(250);
  expect(["CN", "DE", "GB", "IN", "CH", "AT"].map(country)).toEqual([
    ...["CHN", "DEU", "GBR", "IND", "CHE", "AUT"],
  ]);
});

test("a currency is a code, none, or one that cannot be met", () => {
  const currency = (text: string): number => {
    const bytes = new TextEncoder().encode(text);
    return currencyFrom(bytes, 0, bytes.length);
  };
  expect(currency("CNY")).toBe(packAlpha3("CNY"));
  expect(currency("cny")).toBe(unknownCurrency);
  expect(currency("")).toBe(0);
  expect(currency("CN")).toBe(unknownCurrency);
});
