import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";

/**
 * Passwords of the desk's users: scrypt in node's thread pool, kept as `scrypt$N$r$p$salt$hash`
 * (base64url). One is computed at a time (128 MiB each) and eight wait; further ones are refused,
 * so that a flood of logins cannot take the machine.
 */
export type Passwords = {
  /** Rejects with PasswordsBusy. */
  readonly hashPassword: (text: string) => Promise<string>;
  /**
   * `stored` null (nobody has that login) takes as long as a wrong password. Rejects with
   * PasswordsBusy.
   */
  readonly verifyPassword: (text: string, stored: string | null) => Promise<boolean>;
};

/** Answer 503 with `retry-after`: too many passwords are being computed. */
export class PasswordsBusy extends Error {
  constructor() {
    super("too many logins at once");
  }
}

export type ScryptCost = { readonly N: number; readonly r: number; readonly p: number };

const waitingMax = 8;
const saltBytes = 16;
const hashBytes = 32;
/** Of stored texts: one that somebody put there must not ask for all memory. */
const costMax: ScryptCost = { N: 2 ** 18, r: 16, p: 4 };
const passwordMin = 15;
const passwordMax = 128;

export function passwordsOf(cost: ScryptCost): Passwords {
  const inTurn = oneAtATime();
  const nobody = { cost, salt: randomBytes(saltBytes), hash: randomBytes(hashBytes) };
  return {
    hashPassword: async (text) => {
      const salt = randomBytes(saltBytes);
      const hash = await inTurn(() => derive(text, salt, cost));
      const { N, r, p } = cost;
      return `scrypt$${N}$${r}$${p}$${salt.toString("base64url")}$${hash.toString("base64url")}`;
    },
    verifyPassword: async (text, stored) => {
      const known = stored === null ? null : storedFrom(stored);
      const { salt, hash, cost: costThen } = known ?? nobody;
      const found = await inTurn(() => derive(text, salt, costThen));
      return timingSafeEqual(found, hash) && known !== null;
    },
  };
}

/** N = 2^17: 0.4 s and 128 MiB a password on the machine of the measurements. */
export const { hashPassword, verifyPassword } = passwordsOf({ N: 2 ** 17, r: 8, p: 1 });

const longEnough = (text: string): boolean => [...text].length >= passwordMin;

/**
 * "" = it will do; else what is wrong, for who chooses it. The block list is short and our own: it
 * is not a list of leaked passwords but the words, rows of keys and counts that such lists of long
 * ones are made of; a password needs six characters that are none of them.
 */
export function passwordProblem(text: string, login: string, name: string): string {
  if (!longEnough(text)) return `at least ${passwordMin} characters, a few words for example`;
  if ([...text].length > passwordMax) return `at most ${passwordMax} characters`;
  const plain = plainOf(text);
  for (const own of [login, login.split("@")[0] ?? "", ...name.split(/\s+/)].map(plainOf)) {
    if (own.length >= 4 && plain.includes(own)) return "do not use your name or login in it";
  }
  const left = withoutCommon(plain);
  if (new Set(plain).size < 5 || left.length < 6 || isRepeated(left)) {
    return "too easily guessed: use words that do not belong together";
  }
  return "";
}

const commonParts = [
  ...[
    "correcthorsebatterystaple",
    "passwort",
    "password",
    "passphrase",
    "motdepasse",
    "contrasena",
  ],
  ...["letmein", "welcome", "changeme", "iloveyou", "trustno", "administrator", "admin", "default"],
  ...["secret", "master", "monkey", "dragon", "sunshine", "princess", "football", "baseball"],
  ...["superman", "batman", "starwars", "whatever", "qwertyuiop", "qwertzuiop", "azertyuiop"],
  ...["qwerty", "qwertz", "azerty", "asdfghjkl", "asdf", "zxcvbnm", "zxcvbn", "yxcvbnm", "qazwsx"],
  ...[
    "edcrfv",
    "abcdefghijklmnopqrstuvwxyz",
    "abcdefgh",
    "abcdef",
    "abcd",
    "login",
    "user",
    "test",
  ],
  ...["crowdbid", "bidder", "company", "summer", "winter", "spring", "autumn", "january", "hello"],
  ...["freedom", "pokemon", "google", "internet", "computer", "michael", "jordan", "ashley"],
];

/** Letters and digits alone, lower case, digits and signs that stand for letters as those. */
function plainOf(text: string): string {
  const letters = text.normalize("NFKD").toLowerCase();
  const meant = letters.replaceAll("@", "a").replaceAll("$", "s").replaceAll("!", "i");
  return meant.replaceAll(/[^\p{L}\p{N}]/gu, "");
}

function withoutCommon(plain: string): string {
  const asLetters = plain.replaceAll("0", "o").replaceAll("3", "e").replaceAll("5", "s");
  let left = asLetters.replaceAll("1", "i").replaceAll("4", "a").replaceAll("7", "t");
  for (const part of commonParts) left = left.replaceAll(part, "");
  if (left.length === plain.length) left = plain;
  // Counts and years.
  return left.replaceAll(/\d{2,}/g, "");
}

/** "abcabcabc": one short part over and over. */
const isRepeated = (text: string): boolean => /^(.{1,8}?)\1+(.{0,7})$/su.test(text);

function derive(text: string, salt: Buffer, { N, r, p }: ScryptCost): Promise<Buffer> {
  const options: ScryptOptions = { N, r, p, maxmem: 256 * N * r };
  return new Promise((resolve, reject) => {
    scrypt(text.normalize("NFKC"), salt, hashBytes, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

/** null: not a text of ours. */
function storedFrom(text: string): { cost: ScryptCost; salt: Buffer; hash: Buffer } | null {
  const found = /^scrypt\$(\d+)\$(\d+)\$(\d+)\$([\w-]+)\$([\w-]+)$/.exec(text);
  if (found === null) return null;
  const cost = { N: Number(found[1]), r: Number(found[2]), p: Number(found[3]) };
  const { N, r, p } = cost;
  if (N < 2 || N > costMax.N || r < 1 || r > costMax.r || p < 1 || p > costMax.p) return null;
  if (!Number.isInteger(Math.log2(N))) return null;
  const salt = Buffer.from(found[4] ?? "", "base64url");
  const hash = Buffer.from(found[5] ?? "", "base64url");
  return hash.length === hashBytes ? { cost, salt, hash } : null;
}

function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    // The one that runs is not waiting.
    if (waiting > waitingMax) return Promise.reject(new PasswordsBusy());
    waiting++;
    const mine = last.then(work).finally(() => waiting--);
    last = mine.catch(() => {});
    return mine;
  };
}
