import { useState } from "preact/hooks";
import type { BulkAnswer, Problem } from "../answers.js";
import { call, onceKey } from "../api.js";
import { undoChange } from "../changes.js";
import { Button } from "../kit/button.js";
import { Dialog } from "../kit/dialog.js";
import { ProblemNote } from "../kit/error-summary.js";
import { Field } from "../kit/field.js";
import { toast } from "../kit/toast.js";
import { BulkRows } from "./bulk-rows.js";

/**
 * Line items from a file: rows that changed here meanwhile are refused, a row without key is new.
 */
export function CsvDialog(props: { readonly onClose: () => void; readonly onDone: () => void }) {
  const { onClose, onDone } = props;
  const [text, setText] = useState<string | null>(null);
  const [preview, setPreview] = useState<BulkAnswer | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const send = (body: string, suffix: string) => {
    setBusy(true);
    const once = suffix === "" ? { once: onceKey() } : {};
    return call<BulkAnswer>("POST", `/line-items.csv${suffix}`, {
      body,
      type: "text/csv",
      ...once,
    });
  };
  const read = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    const body = await file.text();
    const answer = await send(body, "?preview=1");
    setBusy(false);
    setText(body);
    setPreview(answer.ok ? answer.value : null);
    setProblem(answer.ok ? null : answer.problem);
  };
  const apply = async (): Promise<void> => {
    const answer = await send(text ?? "", "");
    setBusy(false);
    if (!answer.ok) {
      setProblem(answer.problem);
      return;
    }
    const { changed, change } = answer.value;
    const undo = change === undefined ? {} : { undo: () => void undoChange(change, onDone) };
    toast({ words: `${changed} line items changed by the file.`, ...undo });
    onDone();
    onClose();
  };
  const foot = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button look="main" busy={busy} disabled={preview === null} onClick={() => void apply()}>
        Apply the good rows
      </Button>
    </>
  );
  return (
    <Dialog wide title="Line items from a CSV file" onClose={onClose} foot={foot}>
      <Field
        label="File"
        required
        hint={
          "Start from the CSV that this page gives: a row whose version is old is refused, a row " +
          "without a key makes a new line item. Good rows are taken, bad ones are named."
        }
      >
        {(wiring) => (
          <input
            {...wiring}
            type="file"
            accept=".csv,text/csv"
            onChange={(event) => void read(event.currentTarget.files?.[0])}
          />
        )}
      </Field>
      {problem === null ? null : <ProblemNote problem={problem} />}
      {preview === null ? null : <BulkRows answer={preview} />}
    </Dialog>
  );
}
