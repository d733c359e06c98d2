import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { withhold } from "../base/unprintable.js";
import type { Exchange } from "../campaign/exchange.js";
import type { PriceKey } from "../wire/token-price.js";

/** An exchange's keys of encrypted clearing prices, as they are posted to the workers. */
export type ExchangePriceKeys = { readonly exchange: number; readonly keys: readonly PriceKey[] };

/** What is wrong with a key file and where it is named; never anything of its content. */
export type PriceKeyProblem = {
  readonly exchange: number;
  readonly path: readonly (string | number)[];
  readonly message: string;
};

const keyBytes = 32;

/** Reads the key files of every exchange. Never throws: what cannot be used is a problem. */
export function readPriceKeys(
  exchanges: readonly Pick<Exchange, "id" | "priceKeys">[],
  configFolder: string,
): { readonly keys: readonly ExchangePriceKeys[]; readonly problems: readonly PriceKeyProblem[] } {
  const problems: PriceKeyProblem[] = [];
  const keys = exchanges.flatMap(({ id, priceKeys = [] }) => {
    const read = priceKeys.flatMap((files, i) => {
      const [encryption, integrity] = (["encryption", "integrity"] as const).map((part) => {
        const key = readKeyFile(resolve(configFolder, files[part]));
        if (typeof key !== "string") return key;
        problems.push({ exchange: id, path: ["priceKeys", i, part], message: key });
        return null;
      });
      return encryption && integrity ? [{ encryption, integrity }] : [];
    });
    return read.length === 0 ? [] : [{ exchange: id as number, keys: read }];
  });
  return { keys, problems };
}

/** The key, or what is wrong with its file. */
function readKeyFile(path: string): Uint8Array | string {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
    return `${path} cannot be read (${code}): put the key there, mode 0400`;
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return `${path} is no file: name the file of the key`;
    if ((stat.mode & 0o377) !== 0) return `others may use ${path}: chmod 400 ${path}`;
    return keyFrom(stat.size > 4096 ? Buffer.alloc(0) : readFileSync(fd), path);
  } finally {
    closeSync(fd);
  }
}

/** 32 bytes as they are, or in base64 or base64url, as exchanges hand them out. */
function keyFrom(content: Buffer, path: string): Uint8Array | string {
  if (content.length === keyBytes) return withhold(new Uint8Array(content));
  const text = content.toString("latin1").trim();
  const key = /^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? Buffer.from(text, "base64") : null;
  if (key !== null && key.length === keyBytes) return new Uint8Array(key);
  return `${path} holds no key of ${keyBytes} bytes (raw, or in base64): put the right file there`;
}
