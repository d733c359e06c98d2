import type { Steps } from "../../base/steps.js";
import type { AudienceFacts, DeskBook, DeskFacts, ListFacts, Stops } from "../desk/desk.js";
import type { DeskStore } from "../store/desk-store.js";

/** scrypt, off the thread, one at a time: see store/passwords. */
export type Passwords = {
  /** Rejects where too many wait already. */
  readonly hashPassword: (text: string) => Promise<string>;
  /** `stored` null = an unknown login: takes as long as a known one, and is false. */
  readonly verifyPassword: (text: string, stored: string | null) => Promise<boolean>;
  /** Why a password is not taken, "" = it is. */
  readonly passwordProblem: (text: string, login: string, name: string) => string;
};

/** What the desk's routes work on. */
export type Desk = {
  readonly book: DeskBook;
  readonly store: DeskStore;
  readonly stops: Stops;
  readonly facts: DeskFacts;
  readonly audiences: AudienceFacts;
  readonly lists: ListFacts;
  readonly passwords: Passwords;
  readonly clock: { readonly nowMs: () => number };
  readonly randomBytes: (count: number) => Uint8Array;
  /** Runs what thousands of things make long, with pauses. */
  readonly inSlices: <T>(steps: Steps<T>) => Promise<T>;
  /** Uploads wait here, for their reader alone. */
  readonly dataFolder: string;
  /** The built page (dist/ui); null = none is served. */
  readonly uiFolder: string | null;
  /** Addresses of proxies whose X-Forwarded-For and -Proto are believed. */
  readonly trustedProxies: readonly string[];
  readonly demo: boolean;
  /** Prints a first-run code for whoever started the program. */
  readonly print: (line: string) => void;
};
