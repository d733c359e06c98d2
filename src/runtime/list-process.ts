import { setTimeout as pause } from "node:timers/promises";
import type { IdentifierKind } from "../bank/config/model.js";
import { bankFolders } from "../bank/folders.js";
import { removeList } from "../bank/lists.js";
import { BankHeldError, takeLock } from "../bank/lock.js";
import type { AgencyId } from "../base/ids.js";
import { bankFailure } from "./bank-open.js";
import { columnOf } from "./list-column.js";
import { takeList } from "./list-take.js";
import { hardenProcess } from "./process.js";
import { realClock } from "./real-clock.js";

/**
 * The process that takes an agency's list in, or out: gets one order, answers, ends. It alone reads
 * the file, and what it says names nobody.
 */
export type ListOrder = {
  readonly dataFolder: string;
  readonly configFolder: string;
  readonly agency: number;
  readonly name: string;
  /** How long to wait for a build that holds the bank. */
  readonly lockMsMax: number;
  /** null = the list goes. */
  readonly upload: { readonly kind: string; readonly file: string } | null;
};

export type ListAnswer =
  | { readonly kind: "done"; readonly rows: number; readonly unusable: number }
  | { readonly kind: "none" }
  | { readonly kind: "failed"; readonly words: string };

const lookEveryMs = 500;

async function carryOut(order: ListOrder): Promise<ListAnswer> {
  const until = realClock.nowMs() + order.lockMsMax;
  for (;;) {
    try {
      return await attempt(order);
    } catch (error) {
      if (!(error instanceof BankHeldError)) {
        // A failure's words may name the file's path, which is of this machine.
        const words = bankFailure(error).replaceAll(order.upload?.file ?? "\0", "the file");
        return { kind: "failed", words };
      }
      if (realClock.nowMs() >= until) {
        return { kind: "failed", words: "the bank is being built: try again when that has ended" };
      }
    }
    await pause(lookEveryMs);
  }
}

async function attempt(order: ListOrder): Promise<ListAnswer> {
  const { dataFolder, configFolder, name, upload } = order;
  const agency = order.agency as AgencyId;
  if (upload === null) {
    const folders = bankFolders(dataFolder);
    const lock = takeLock(folders.lock);
    try {
      return removeList(folders, agency, name)
        ? { kind: "done", rows: 0, unusable: 0 }
        : { kind: "none" };
    } finally {
      lock.release();
    }
  }
  const kind = upload.kind as IdentifierKind;
  const column = columnOf(upload.file, kind);
  const taken = await takeList(
    { dataFolder, configFolder, nowMs: realClock.nowMs },
    { agency, name, kind, file: upload.file, ...(column === null ? {} : { column }) },
  );
  return { kind: "done", ...taken };
}

hardenProcess();
process.once("message", (order: ListOrder) => {
  process.once("disconnect", () => process.exit(0));
  void carryOut(order).then((answer) => process.send?.(answer, () => process.exit(0)));
});
