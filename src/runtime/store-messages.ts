import type { KeyObject } from "node:crypto";
import type { DeskStore, EntityRecord } from "../admin/store/desk-store.js";

export type StoreThreadData = {
  readonly dataFolder: string;
  /** "" = `store.db` in the data folder. */
  readonly url: string;
  /** False: a `store.db` that is missing is not made anew, somebody took it away. */
  readonly mayMake: boolean;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
};

export type StoreMethod = keyof DeskStore;

/** What main asks, and how it says that it can take the next part of a long answer. */
export type StoreCall =
  | {
      readonly kind: "call";
      readonly id: number;
      readonly method: StoreMethod;
      readonly args: readonly unknown[];
      /** One cell: see `callStates`. */
      readonly state: Int32Array;
    }
  | { readonly kind: "next"; readonly id: number };

/**
 * Who wins the race between main's patience and the thread's commit: main gives up only what is not
 * committing yet, and the thread commits only what main waits for.
 */
export const callStates = { open: 0, committing: 1, givenUp: 2 } as const;

export type StoreAnswer =
  | { readonly kind: "opened" }
  /** The last word of the thread. */
  | { readonly kind: "ends"; readonly words: string }
  | { readonly kind: "part"; readonly id: number; readonly records: readonly EntityRecord[] }
  | { readonly kind: "done"; readonly id: number; readonly value: unknown };
