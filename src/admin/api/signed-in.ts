import { LRUCache } from "lru-cache";
import type { DeskStore, Role, Stored, User } from "../store/desk-store.js";
import { roles, sessionIdleMs } from "../store/desk-store.js";
import type { Caller } from "./access.js";

export const cookieNameOf = (secure: boolean): string =>
  secure ? "__Host-crowdbid-session" : "crowdbid-session";

/** Of a secret's digest; `caller` null = it opens nothing. */
type Found = { readonly caller: Caller | null } | { readonly code: "locked" | "gone" };

type Known = { caller: Caller; checkedMs: number; refreshing: boolean };

const knownMax = 2000;
/** After so long the store is asked again, behind the answer. */
const freshMs = 5_000;
/** After so long an answer waits for the store. */
const staleMs = 60_000;
/** So long does an answer wait for a store that is slow, where the caller was known before. */
const patienceMs = 300;

/**
 * Sessions and tokens, remembered for a moment: a page asks many times a minute, and stopping a
 * line item must not wait for a store that is locked. What this process ends is forgotten at once;
 * what another one ends is seen within a minute, and at the latest when a session is idle.
 */
export class SignedIn {
  private readonly store: DeskStore;
  private readonly nowMs: () => number;
  private readonly known = new LRUCache<string, Known>({ max: knownMax });
  /** Rises with each `forget`: an answer that was asked for before is not kept. */
  private forgotten = 0;

  constructor(store: DeskStore, nowMs: () => number) {
    [this.store, this.nowMs] = [store, nowMs];
  }

  session(digest: string): Promise<Found> {
    return this.find(`s${digest}`, async () => {
      const stored = await this.store.session(digest, this.nowMs());
      return mapped(stored, (found) => (found === null ? null : callerOf(found.user, "session")));
    });
  }

  token(digest: string): Promise<Found> {
    return this.find(`t${digest}`, async () => {
      const stored = await this.store.tokenBy(digest, this.nowMs());
      return mapped(stored, (found) => {
        if (found === null) return null;
        const { user, token } = found;
        return { ...callerOf(user, "token"), role: lower(user.role, token.role) };
      });
    });
  }

  /** Everything of a user: signed out, changed, disabled. */
  forget(user: number): void {
    this.forgotten++;
    for (const [key, { caller }] of this.known.entries()) {
      if (caller.user === user) this.known.delete(key);
    }
  }

  private async find(key: string, ask: () => Promise<Found>): Promise<Found> {
    const known = this.known.get(key);
    const age = known === undefined ? Number.POSITIVE_INFINITY : this.nowMs() - known.checkedMs;
    if (known !== undefined && age < staleMs) {
      if (age >= freshMs && !known.refreshing) {
        known.refreshing = true;
        void this.refresh(key, ask);
      }
      return { caller: known.caller };
    }
    if (known === undefined || age >= sessionIdleMs) return this.refresh(key, ask);
    const found = await Promise.race([this.refresh(key, ask), outOfPatience()]);
    return "code" in found ? { caller: known.caller } : found;
  }

  private async refresh(key: string, ask: () => Promise<Found>): Promise<Found> {
    const { forgotten } = this;
    const found = await ask();
    const known = this.known.get(key);
    if ("code" in found) {
      if (known !== undefined) known.refreshing = false;
    } else if (found.caller === null) this.known.delete(key);
    else if (forgotten === this.forgotten) {
      const { caller } = found;
      this.known.set(key, { caller, checkedMs: this.nowMs(), refreshing: false });
    }
    return found;
  }
}

const outOfPatience = (): Promise<Found> =>
  new Promise((resolve) => {
    setTimeout(() => resolve({ code: "locked" }), patienceMs).unref();
  });

function mapped<T>(stored: Stored<T>, caller: (value: T) => Caller | null): Found {
  if (stored.ok) return { caller: caller(stored.value) };
  return { code: stored.code === "locked" ? "locked" : "gone" };
}

const callerOf = (user: User, by: Caller["by"]): Caller => ({
  ...{ user: user.id, name: user.name, login: user.login },
  ...{ agency: user.agency, role: user.role, by },
});

const lower = (a: Role, b: Role): Role => (roles.indexOf(a) <= roles.indexOf(b) ? a : b);
