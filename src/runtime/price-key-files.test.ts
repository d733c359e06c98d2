import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadConfig } from "../campaign/load.js";
import { configTexts } from "../testing/config-text.js";
import { NoticeParameters, parseNotice } from "../wire/notice.js";
import { TokenFields } from "../wire/token-format.js";
import { clearingOf } from "./notice-desk.js";
import { readPriceKeys } from "./price-key-files.js";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "crowdbid-price-keys-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const encryption = "skU7Ax_NL5pPAFyKdkfZjZz2-VhIN8bjj1rVFOaJ_5o=";
const integrity = "arO23ykdNqUQ5LEoQ0FVmPkBd7xB5CO89PDZlSjpFxo=";
const files = { encryption: "e.key", integrity: "keys/i.key" };

function put(name: string, content: string | Uint8Array, mode = 0o400): void {
  mkdirSync(join(folder, "keys"), { recursive: true });
  writeFileSync(join(folder, name), content);
  chmodSync(join(folder, name), mode);
}

const read = () => readPriceKeys([{ id: 7 as never, priceKeys: [files] }], folder);

describe("key files of encrypted prices", () => {
  test("hold a key as bytes or in base64, and open what the exchange sends", () => {
    put(files.encryption, `${encryption}\n`);
    put(files.integrity, Buffer.from(integrity, "base64"));
    const { keys, problems } = read();
    expect(problems).toEqual([]);
    const said = new NoticeParameters();
    parseNotice(2, "t=x&p=0.01&pe=YWJjMTIzZGVmNDU2Z2hpN7fhCuPemCAWJRxOgA", "", said);
    // Of `p` and `pe` the first counts; a price in clear is not believed at all.
    const token = new TokenFields();
    Object.assign(token, { exchange: 7, timeSec: 0x61626331, expirySec: 0x61626340 });
    expect(clearingOf(said, token, keys)).toBe(-1);
    parseNotice(2, "t=x&pe=YWJjMTIzZGVmNDU2Z2hpN7fhCuPemCAWJRxOgA", "", said);
    expect(clearingOf(said, token, keys)).toBe(1900);
    parseNotice(2, "t=x&p=0.01", "", said);
    expect(clearingOf(said, token, keys)).toBe(-1);
    token.exchange = 8;
    expect(clearingOf(said, token, keys)).toBe(10_000);
  });

  test.each([
    ["missing", () => {}, /cannot be read \(ENOENT\)/],
    ["open to others", () => put("e.key", encryption, 0o440), /chmod 400/],
    ["writable", () => put("e.key", encryption, 0o600), /chmod 400/],
    ["too short", () => put("e.key", encryption.slice(4)), /holds no key of 32 bytes/],
    ["a folder", () => mkdirSync(join(folder, "e.key")), /no file|others may use/],
  ])("that are %s are refused without a word of their content", (_, make, words) => {
    make();
    put(files.integrity, integrity);
    const { keys, problems } = read();
    expect(keys).toEqual([]);
    expect(problems).toMatchObject([{ exchange: 7, path: ["priceKeys", 0, "encryption"] }]);
    expect(problems[0]?.message).toMatch(words);
    expect(JSON.stringify(problems)).not.toContain(encryption.slice(4, 30));
  });

  test("are named in the exchange's file; a key in their place is not repeated", () => {
    const text = (key: string) =>
      `id: 1\nname: alpha\nextends: plain\npriceKeys:\n  - {encryption: ${key}, integrity: /k/i.key}\n`;
    const bad = loadConfig(configTexts({ "exchanges/alpha.yaml": text(encryption) }));
    expect(bad.issues).toMatchObject([
      { file: "config/exchanges/alpha.yaml", line: 5, column: 18 },
    ]);
    expect(JSON.stringify(bad.issues)).not.toContain(encryption.slice(0, 12));
    const good = loadConfig(configTexts({ "exchanges/alpha.yaml": text("/k/e.key") }));
    expect(good.config?.exchanges.map(({ dialect }) => dialect)).toEqual([0, 1]);
  });
});
