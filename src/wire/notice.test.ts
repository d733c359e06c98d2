// biome-ignore-all lint/suspicious/noTemplateCurlyInString: macros of exchanges look like this
import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NoticeKind } from "../base/lists.js";
import { NoticeParameters, parseNotice } from "./notice.js";
import { microsFromBase64, microsFromNotice } from "./notice-price.js";

const token = "T".repeat(88);
function parsed(kind: NoticeKind, query: string, body = ""): NoticeParameters {
  const out = new NoticeParameters();
  out.token = "left over";
  parseNotice(kind, query, body, out);
  return out;
}

describe("a price in a notice", () => {
  test("is exact to nine decimals, a rest below one micro counts as one", () => {
    fc.assert(
      fc.property(fc.nat(999_999), fc.stringMatching(/^\d{0,9}$/), (whole, decimals) => {
        const nanos = BigInt(whole) * 1_000_000_000n + BigInt(decimals.padEnd(9, "0"));
        const micros = (nanos + 999n) / 1000n;
        const text = decimals === "" ? String(whole) : `${whole}.${decimals}`;
        expect(microsFromNotice(text)).toBe(Number(micros));
        expect(microsFromBase64(Buffer.from(text).toString("base64"))).toBe(Number(micros));
        expect(microsFromBase64(Buffer.from(text).toString("base64url"))).toBe(Number(micros));
      }),
      { numRuns: 20_000 },
    );
  });

  test.each([
    ...["", "AUDIT", "${AUCTION_PRICE}", "%24%7BAUCTION_PRICE%7D", "NaN", "Infinity", "-1", "+1"],
    ...[
      "1e400",
      "1e2",
      "0x10",
      "1,5",
      "1.5.5",
      ".5",
      "5.",
      " 1",
      "1 ",
      "1\n",
      "１.５",
      "١",
      "1_000",
    ],
    ...["1234567", "1.1234567890", "null", "1.5;2", "%2531"],
  ])("that is %j is unknown", (text) => {
    expect(microsFromNotice(text)).toBe(-1);
    expect(parsed(NoticeKind.BILL, `t=${token}&p=${text}`).clearingMicros).toBe(-1);
  });

  test.each([
    "",
    "AUDIT",
    "${AUCTION_PRICE:B64}",
    "MS41=MS41",
    "M",
    "====",
    "-_-_",
    "x".repeat(30),
  ])("that should be base64 and is %j is unknown", (text) => {
    expect(microsFromBase64(text)).toBe(-1);
  });

  const corpus = "../shared/corpora/blns.json";
  test.skipIf(!existsSync(corpus))(`is nothing else, by ${corpus} (skipped where missing)`, () => {
    const strings: string[] = JSON.parse(readFileSync(corpus, "utf8"));
    const numbers = strings.filter((text) => microsFromNotice(text) !== -1);
    for (const text of numbers) expect(text).toMatch(/^[0-9]{1,6}(\.[0-9]{1,9})?$/);
    expect(numbers).toContain("1.00");
    for (const text of strings) parsed(NoticeKind.LOSS, text, text);
  });
});

describe("a notice", () => {
  test("is read from its query, and from a form where the query says nothing", () => {
    const loss = parsed(NoticeKind.LOSS, `t=${token}&r=102&m=2.25&p=1.5`);
    expect(loss).toMatchObject({ token, lossCode: 102 });
    expect([loss.minToWinMicros, loss.clearingMicros]).toEqual([2_250_000, 1_500_000]);
    const posted = parsed(NoticeKind.BILL, "", `p=1%2E5&t=${token}`);
    expect(posted).toMatchObject({ token, clearingMicros: 1_500_000 });
    const both = parsed(NoticeKind.BILL, `?t=${token}`, "t=other&p=2");
    expect(both).toMatchObject({ token, clearingMicros: 2_000_000 });
    expect(parsed(NoticeKind.BILL, "p=1&p=2&t=a&t=b")).toMatchObject({
      token: "a",
      clearingMicros: 1_000_000,
    });
    expect(parsed(NoticeKind.BILL, `t=${token}&pb=MS41`).clearingMicros).toBe(1_500_000);
    expect(parsed(NoticeKind.BILL, `t=${token}&p=&pb=MS41`).clearingMicros).toBe(-1);
  });

  test("takes loss reasons only from losses, and only codes", () => {
    expect(parsed(NoticeKind.BILL, "r=5&m=1")).toMatchObject({
      lossCode: 0xffff,
      minToWinMicros: -1,
    });
    for (const code of ["", "AUDIT", "-1", "12345", "1.0", "${AUCTION_LOSS}"]) {
      expect(parsed(NoticeKind.LOSS, `r=${code}`).lossCode).toBe(0xffff);
    }
  });

  test("with nothing, with broken escapes or with a huge form has no parameters", () => {
    for (const text of [
      "",
      "&&&",
      "=",
      "t",
      "t=&x",
      "%",
      "t=%zz&p=%",
      "__proto__=1&constructor=2",
    ]) {
      expect(parsed(NoticeKind.WIN, text)).toMatchObject({ clearingMicros: -1, lossCode: 0xffff });
    }
    expect(parsed(NoticeKind.WIN, `t=${"a".repeat(5000)}`).token).toBe("");
  });
});
