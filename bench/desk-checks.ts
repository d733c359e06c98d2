import type { JsonObject } from "../src/admin/store/desk-store.js";
import { readConfigFolder } from "../src/runtime/config-folder.js";
import { changeSet, edited, emptyBook } from "../src/testing/desk-book.js";
import { MemoryStore } from "../src/testing/memory-store.js";
import { deskForms } from "./desk-forms.js";

const rounds = 21;
const checkMsMax = 50;

/**
 * What a book of many line items costs main's thread, without store and World: milliseconds, median
 * of some rounds. True = the check of a price is within its limit.
 */
export async function printDeskChecks(
  lineItems: readonly number[],
  write: (line: string) => void,
): Promise<boolean> {
  let good = true;
  for (const count of lineItems) {
    const book = await emptyBook(new MemoryStore(), {}, readConfigFolder("config/demo"));
    const startedMs = performance.now();
    const filled = await book.commit({ ...changeSet(...deskForms(count)), way: "apply" });
    if (!filled.ok) throw new Error(`not filled: ${JSON.stringify(filled).slice(0, 500)}`);
    const filledMs = performance.now() - startedMs;
    const price = (i: number) => (form: JsonObject) => ({
      ...form,
      price: { cpm: (300 + i) / 100, maxCpm: 9 },
    });
    const checkMs = await medianMs((i) => book.check([edited(book, "lineItem", "1", price(i))]));
    const aboveMs = await medianMs((i) =>
      book.check([edited(book, "advertiser", "1", (form) => ({ ...form, name: `Brand ${i}` }))]),
    );
    const configMs = await medianMs(async () => book.config());
    write(
      `${count} line items: filled in ${filledMs.toFixed(0)} ms; a price checked in ` +
        `${checkMs.toFixed(1)} ms (<= ${checkMsMax}), an advertiser with 100 line items in ` +
        `${aboveMs.toFixed(1)} ms; given to a World in ${configMs.toFixed(1)} ms`,
    );
    good &&= checkMs <= checkMsMax;
  }
  return good;
}

async function medianMs(job: (round: number) => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const startedMs = performance.now();
    await job(round);
    took.push(performance.now() - startedMs);
  }
  return took.sort((a, b) => a - b)[rounds >> 1] ?? 0;
}
