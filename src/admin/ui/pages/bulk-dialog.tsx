import { useState } from "preact/hooks";
import type { BulkAnswer, Problem } from "../answers.js";
import { type BulkSet, bulk, bulkAndSay, type Step } from "../changes.js";
import { Button } from "../kit/button.js";
import { Dialog } from "../kit/dialog.js";
import { ProblemNote } from "../kit/error-summary.js";
import { Select, TextField } from "../kit/field.js";
import { Picker } from "../kit/picker.js";
import { BulkRows } from "./bulk-rows.js";

type Money = { readonly how: "" | "to" | "byPercent"; readonly text: string };
const amounts = [
  ["cpm", "Base CPM"],
  ["maxCpm", "Highest CPM"],
  ["budgetTotal", "Budget in all"],
  ["budgetDaily", "Budget of a day"],
] as const;
type AmountName = (typeof amounts)[number][0];
type Wish = {
  readonly amounts: Readonly<Record<AmountName, Money>>;
  readonly run: string;
  readonly addCreative: string;
  readonly removeCreative: string;
};
const untouched: Money = { how: "", text: "" };
const nothing: Wish = {
  amounts: { cpm: untouched, maxCpm: untouched, budgetTotal: untouched, budgetDaily: untouched },
  ...{ run: "", addCreative: "", removeCreative: "" },
};

const stepOf = ({ how, text }: Money): Step | undefined => {
  const value = Number(text);
  if (how === "" || text.trim() === "" || !Number.isFinite(value)) return undefined;
  return how === "to" ? { to: value } : { byPercent: value };
};

function setOf(wish: Wish): BulkSet {
  const steps = amounts.flatMap(([name]) => {
    const step = stepOf(wish.amounts[name]);
    return step === undefined ? [] : [[name, step] as const];
  });
  return {
    ...Object.fromEntries(steps),
    ...(wish.run === "" ? {} : { paused: wish.run === "pause" }),
    ...(wish.addCreative === "" ? {} : { addCreative: Number(wish.addCreative) }),
    ...(wish.removeCreative === "" ? {} : { removeCreative: Number(wish.removeCreative) }),
  };
}

/** One edit of many line items: say what, see what it would do, do it. */
export function BulkDialog(props: {
  readonly keys: readonly string[];
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const { keys, onClose, onDone } = props;
  const [wish, setWish] = useState(nothing);
  const [preview, setPreview] = useState<BulkAnswer | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const set = setOf(wish);
  const edit = (part: Partial<Wish>): void => {
    setWish({ ...wish, ...part });
    setPreview(null);
  };
  const ask = async (): Promise<void> => {
    setBusy(true);
    const answer = await bulk(keys, set, true);
    setBusy(false);
    setPreview(answer.ok ? answer.value : null);
    setProblem(answer.ok ? null : answer.problem);
  };
  const apply = async (): Promise<void> => {
    setBusy(true);
    await bulkAndSay(keys, set, "changed", onDone);
    onClose();
  };
  const foot = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      {preview === null ? (
        <Button
          look="main"
          busy={busy}
          disabled={Object.keys(set).length === 0}
          onClick={() => void ask()}
        >
          Preview
        </Button>
      ) : (
        <>
          <Button onClick={() => setPreview(null)}>Change the edit</Button>
          <Button look="main" busy={busy} onClick={() => void apply()}>
            Apply
          </Button>
        </>
      )}
    </>
  );
  return (
    <Dialog wide title={`Edit ${keys.length} line items`} onClose={onClose} foot={foot}>
      {problem === null ? null : <ProblemNote problem={problem} />}
      {preview === null ? <WishForm wish={wish} edit={edit} /> : <BulkRows answer={preview} />}
    </Dialog>
  );
}

function WishForm(props: { readonly wish: Wish; readonly edit: (part: Partial<Wish>) => void }) {
  const { wish, edit } = props;
  return (
    <div class="grid">
      <Select
        label="Run or pause"
        required
        value={wish.run}
        onChange={(run) => edit({ run })}
        options={[
          { value: "", label: "Leave as it is" },
          { value: "pause", label: "Pause" },
          { value: "run", label: "Run" },
        ]}
      />
      {amounts.map(([name, label]) => (
        <Amount
          key={name}
          label={label}
          value={wish.amounts[name]}
          onChange={(value) => edit({ amounts: { ...wish.amounts, [name]: value } })}
        />
      ))}
      <Picker
        label="Add a creative"
        kind="creative"
        value={wish.addCreative}
        onPick={(addCreative) => edit({ addCreative })}
      />
      <Picker
        label="Take a creative out"
        kind="creative"
        value={wish.removeCreative}
        onPick={(removeCreative) => edit({ removeCreative })}
      />
    </div>
  );
}

function Amount(props: {
  readonly label: string;
  readonly value: Money;
  readonly onChange: (value: Money) => void;
}) {
  const { label, value, onChange } = props;
  return (
    <div>
      <Select
        label={label}
        required
        value={value.how}
        onChange={(how) => onChange({ ...value, how: how as Money["how"] })}
        options={[
          { value: "", label: "Leave as it is" },
          { value: "to", label: "Set to" },
          { value: "byPercent", label: "Change by percent" },
        ]}
      />
      {value.how === "" ? null : (
        <TextField
          label={value.how === "to" ? `${label}: the amount` : `${label}: percent, such as -10`}
          required
          mode="decimal"
          value={value.text}
          onInput={(text) => onChange({ ...value, text })}
        />
      )}
    </div>
  );
}
