import type { DeskStore } from "../store/desk-store.js";
import type { Desk } from "./desk-parts.js";
import { digestOf, newCode, sameDigest } from "./secrets.js";

/**
 * The way in where nobody has a login yet: a code that the program prints at its start, good for an
 * hour and for one user; a restart makes another. It is kept in memory alone.
 */
export type FirstRun = {
  /** Nobody has joined yet. */
  readonly open: () => boolean;
  /** True: this is the code, and it is taken. */
  readonly take: (codeDigest: string) => boolean;
  /** What took it failed. */
  readonly giveBack: () => void;
};

export const firstRunCodeLength = 10;
const firstRunMs = 3_600_000;

export const closedFirstRun: FirstRun = {
  ...{ open: () => false, take: () => false, giveBack: () => {} },
};

/** Makes and prints a code where the store has no user. */
export async function firstRunOf(desk: Desk): Promise<FirstRun> {
  const users = await desk.store.users();
  if (!users.ok || users.value.length > 0) return closedFirstRun;
  const code = newCode(desk.randomBytes, firstRunCodeLength);
  const digest = digestOf(code);
  const untilMs = desk.clock.nowMs() + firstRunMs;
  desk.print(`nobody can sign in yet: open the page and join with the code ${code} (for 60 min)`);
  let taken = false;
  return {
    open: () => !taken,
    take: (given) => {
      const right = !taken && desk.clock.nowMs() < untilMs && sameDigest(given, digest);
      taken ||= right;
      return right;
    },
    giveBack: () => {
      taken = false;
    },
  };
}

/** The invitation behind the code, made as it is redeemed: it never lies about in the store. */
export const inviteFirst = (
  desk: Desk,
  codeDigest: string,
  atMs: number,
): ReturnType<DeskStore["invite"]> =>
  desk.store.invite(
    {
      ...{ name: "first administrator", agency: "", role: "admin" },
      ...{ codeDigest, expiresMs: atMs + 60_000 },
    },
    { user: 0, name: "operator", from: "" },
    atMs,
  );
