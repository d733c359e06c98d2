import { deskReport } from "../admin/desk/desk-report.js";
import type { ReportAsk, ReportNames } from "../ledger/report.js";
import { readSums } from "./journal-sums.js";
import { hardenProcess } from "./process.js";
import { reasonOf } from "./worker-messages.js";

/** The reporting process: gets one order, reads the journal's sums, sends one answer, ends. */
export type ReportOrder = {
  readonly dataFolder: string;
  readonly names: ReportNames;
  readonly agency: string;
  readonly ask: ReportAsk;
};

export type ReportAnswer =
  | { readonly ok: true; readonly report: ReturnType<typeof deskReport> }
  | { readonly ok: false; readonly words: string };

function answer({ dataFolder, names, agency, ask }: ReportOrder): ReportAnswer {
  try {
    const { state } = readSums(dataFolder, true);
    return { ok: true, report: deskReport(state.cube.rows(), names, agency, ask) };
  } catch (error) {
    return { ok: false, words: `the journal cannot be read: ${reasonOf(error)}` };
  }
}

hardenProcess();
process.once("message", (order: ReportOrder) => {
  process.send?.(answer(order), () => process.disconnect());
});
