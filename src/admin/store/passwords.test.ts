import { expect, test } from "vitest";
import {
  hashPassword,
  PasswordsBusy,
  passwordProblem,
  passwordsOf,
  verifyPassword,
} from "./passwords.js";

const quick = passwordsOf({ N: 2 ** 4, r: 8, p: 1 });
const good = "seven purple lanterns in the fog";

test("what the program keeps says at which cost, and opens", async () => {
  const stored = await hashPassword(good);
  expect(stored).toMatch(/^scrypt\$131072\$8\$1\$[\w-]{22}\$[\w-]{43}$/);
  expect(await verifyPassword(good, stored)).toBe(true);
});

test("each is salted, nothing else opens it, and one that is typed with other code points of the same letters opens", async () => {
  const composed = "caf\u00e9 au lait et croissants";
  const stored = await quick.hashPassword(composed);
  expect(await quick.hashPassword(composed)).not.toBe(stored);
  expect(await quick.verifyPassword(`${composed} `, stored)).toBe(false);
  expect(await quick.verifyPassword("cafe\u0301 au lait et croissants", stored)).toBe(true);
});

test("nobody's password and texts that are not ours open nothing, whatever is typed", async () => {
  const stored = await quick.hashPassword(good);
  const strange = [
    ...[null, "", "plain", "scrypt$16$8$1$$", stored.replace("$16$", "$17$"), `${stored}A`],
    ...[stored.replace("$16$", "$1099511627776$"), stored.replace("$8$", "$800$")],
  ];
  for (const text of strange) expect(await quick.verifyPassword(good, text)).toBe(false);
});

test("one is computed and eight wait: the tenth is refused, and later ones are taken again", async () => {
  const tries = Array.from({ length: 10 }, () => quick.verifyPassword(good, null));
  const ends = await Promise.allSettled(tries);
  expect(ends.map(({ status }) => status)).toEqual([
    ...Array.from({ length: 9 }, () => "fulfilled"),
    "rejected",
  ]);
  await expect(tries[9]).rejects.toBeInstanceOf(PasswordsBusy);
  expect(await quick.verifyPassword(good, null)).toBe(false);
});

test("passwords that are short, of the user's own names or easily guessed are refused", () => {
  const refused = [
    ...["", "short", "fourteen chars", "x".repeat(129), "\u{1f600}".repeat(14)],
    ...["passwordpassword", "Passw0rd!Passw0rd!", "1234567890123456", "qwertyuiopasdfghjkl"],
    ...["aaaaaaaaaaaaaaaaaaa", "correct horse battery staple", "Welcome2026Welcome2026"],
    ...["abc-abc-abc-abc-abc", "zxcvzxcvzxcvzxcvzxcv", "crowdbid crowdbid!", "letmein2026letmein"],
    ...["anna.meier has a house", "the meier family tree", "Summer2026!Summer2026!"],
  ];
  for (const text of refused) {
    expect([text, passwordProblem(text, "anna.meier@example.com", "Anna Meier")]).not.toEqual([
      text,
      "",
    ]);
  }
  const fine = [
    good,
    "xK4#pQ9!vL2@mN7$",
    "\u96e8\u306e\u964d\u308b\u65e5\u306f\u5bb6\u3067\u672c\u3092\u8aad\u3080\u306e\u304c\u597d\u304d",
    "gravel teapot 91 window",
  ];
  for (const text of fine) {
    expect([text, passwordProblem(text, "anna.meier@example.com", "Anna Meier")]).toEqual([
      text,
      "",
    ]);
  }
});
