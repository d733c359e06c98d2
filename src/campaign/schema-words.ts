import { z } from "zod";
import { microsMax } from "../base/money.js";
import { packAlpha3 } from "../base/units.js";
import { suggestion } from "./issue.js";

/**
 * The words that config files are made of. Every message says what is wrong and what to write
 * instead; the loader (document.ts) puts the place in front of it.
 */

/** A value as a message shows it: short, in quotes when it is text. */
export function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "an empty value";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a group of keys";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

type RawIssue = { readonly input?: unknown; readonly code?: string | undefined };

/** The message of a wrong or missing value: what was found, and what to write. */
export const hint = (write: string) => (issue: RawIssue) =>
  issue.input === undefined
    ? `is missing: write ${write}`
    : `${show(issue.input)} is not right here: write ${write}`;

/** A line each for the keys that an object does not know, in zod's order of keys. */
export const keySeparator = "\n";

/**
 * An object that refuses keys it does not know, with the nearest one that it does. `explained` says
 * of keys that people may expect why they are not there.
 */
export function object<S extends z.ZodRawShape>(
  shape: S,
  explained: Readonly<Record<string, string>> = {},
): z.ZodObject<S, z.core.$strict> {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === "unrecognized_keys") {
        return issue.keys
          .map((key) =>
            Object.hasOwn(explained, key)
              ? `${explained[key]}`
              : `"${key}" is no key here: ${suggestion(key, known)}`,
          )
          .join(keySeparator);
      }
      return hint(`a group of keys: ${known.slice(0, 6).join(", ")}`)(issue);
    },
  });
}

/** A list with at least one entry. */
export const list = <T extends z.ZodType>(element: T, example: string, max = 10_000) =>
  z
    .array(element, { error: hint(`a list such as [${example}]`) })
    .min(1, {
      error: `the list is empty: write at least one, such as [${example}], or drop the key`,
    })
    .max(max, { error: `the list has more than ${max} entries: split it` });

/** One of a closed list of names. */
export const oneOf = <const N extends readonly [string, ...string[]]>(names: N) =>
  z.enum(names, {
    error: (issue) =>
      typeof issue.input === "string"
        ? `"${issue.input}" is not known here: ${suggestion(issue.input, names)}`
        : hint(`one of ${names.join(", ")}`)(issue),
  });

const textMax = 256;
export const textOf = (what: string, max = textMax) =>
  z
    .string({ error: hint(`${what} in quotes`) })
    .min(1, { error: `is empty: write ${what}` })
    .max(max, { error: `is longer than ${max} characters: shorten it` })
    .refine((text) => text.trim() === text, {
      error: "begins or ends with a space: take it away",
    });

export const matching = (pattern: RegExp, write: string) =>
  z.string({ error: hint(write) }).regex(pattern, { error: hint(write) });

export const idMax = 0xffff_ffff;
export const idOf = (what: string) => {
  const error = hint(`the number of ${what}, a whole number from 1 to ${idMax}`);
  return z.int({ error }).min(1, { error }).max(idMax, { error });
};

export const flag = z.boolean({ error: hint("true or false") });

export const wholeNumber = (min: number, max: number, what: string) => {
  const error = hint(`${what}, a whole number from ${min} to ${max}`);
  return z.int({ error }).min(min, { error }).max(max, { error });
};

/** Money in currency units with at most six decimals, e.g. 2.5. */
export const moneyOf = (what: string, max = microsMax / 1e6) => {
  const error = hint(`${what}, a number such as 2.50`);
  return z
    .number({ error })
    .min(0, { error, abort: true })
    .max(max, {
      error: `is above the largest amount, ${max}: check the currency and the unit`,
      abort: true,
    })
    .refine(hasSixDecimals, { error: "has more than six decimals: round it" });
};
/** As `moneyOf`, above zero. */
export const priceOf = (what: string, max = microsMax / 1e6 - 1) =>
  moneyOf(what, max).refine((amount) => amount > 0, { error: `is 0: write ${what} above 0` });

const hasSixDecimals = (amount: number): boolean => {
  const decimals = /\.(\d+)$/.exec(String(amount));
  return !String(amount).includes("e-") && (decimals?.[1]?.length ?? 0) <= 6;
};

export const factor = z
  .number({ error: hint("a factor such as 1.25") })
  .min(0.01, { error: hint("a factor of at least 0.01") })
  .max(100, { error: hint("a factor of at most 100") });

export const httpsUrl = z
  .string({ error: hint("an address that begins with https://") })
  .max(2048, { error: "is longer than 2048 characters: shorten it" })
  .refine(isHttps, { error: hint("a whole address that begins with https://") });

/**
 * True for absolute https addresses without spaces, quotes, controls or a user name; macros may
 * stand in it.
 */
export function isHttps(text: string): boolean {
  if (!/^https:\/\/[^\s"'<>\\`^|]+$/.test(text)) return false;
  const plain = text.replaceAll(/\$\{[A-Z_0-9:]+\}/g, "macro");
  if (!URL.canParse(plain)) return false;
  const url = new URL(plain);
  return url.protocol === "https:" && url.hostname !== "" && url.username === "";
}

const label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const hostPattern = new RegExp(`^(?:${label}\\.)+${label}$`);
export const host = matching(hostPattern, 'a domain in lower case such as "brand.example"');

export const country = matching(
  /^[A-Z]{3}$/,
  'a country of three letters (ISO 3166) such as "FRA"',
);
const currencies = new Set(Intl.supportedValuesOf("currency"));
export const currency = z
  .string({ error: hint('a currency such as "EUR"') })
  .refine((code) => currencies.has(code) && packAlpha3(code) !== 0, {
    error: (issue) =>
      `${show(issue.input)} is no ISO 4217 currency: ` +
      suggestion(String(issue.input), [...currencies]),
  });

export const segmentName = matching(
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$/,
  'the name of a segment, letters, digits, dots and hyphens, such as "interest.travel"',
);
export const exchangeName = matching(
  /^[a-z0-9][a-z0-9-]{0,31}$/,
  'the name of an exchange, lower case letters, digits and hyphens, such as "openrtb26"',
);
export const size = matching(/^[1-9]\d{0,3}x[1-9]\d{0,3}$/, 'a size such as "300x250"');
export const mime = matching(/^[a-z]+\/[a-z0-9.+-]+$/, 'a media type such as "video/mp4"');
