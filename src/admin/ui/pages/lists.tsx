import { useRef, useState } from "preact/hooks";
import type { Problem } from "../answers.js";
import { call, withQuery } from "../api.js";
import { useFetched } from "../fetched.js";
import { Button } from "../kit/button.js";
import { Dialog } from "../kit/dialog.js";
import { ProblemNote } from "../kit/error-summary.js";
import { errorsAsFindings, Field, Findings, Select, TextField } from "../kit/field.js";
import { countText, Empty, Loading, Time } from "../kit/say.js";
import { toast } from "../kit/toast.js";
import { agencyShown, may, user } from "../session.js";
import type { ListEntry, ListsAnswer } from "./desk-answers.js";
import { TextTable } from "./text-table.js";
import { upload } from "./upload.js";
import "../css/desk.css";

const everyMs = 5000;

/** Lists of people that agencies bring. How many of them are known is told to nobody. */
export default function ListsPage() {
  const agency = user.value?.agency || agencyShown.value;
  const { value, problem, reload } = useFetched<ListsAnswer>(
    withQuery("/lists", { agency }),
    everyMs,
  );
  const [adding, setAdding] = useState(false);
  if (problem?.status === 404) {
    return (
      <>
        <h1>Lists</h1>
        <Empty title="There is no data bank here">
          <p>Lists are matched by the bank: this program runs without one.</p>
        </Empty>
      </>
    );
  }
  if (value === null) {
    return problem === null ? <Loading what="lists" /> : <ProblemNote problem={problem} />;
  }
  return (
    <>
      <h1>Lists</h1>
      <p>
        Bring your customers' identifiers; they are hashed as they are read. A list becomes a
        segment with the next build of the bank, if enough people are in it. How many matched is not
        told.
      </p>
      {problem === null ? null : <ProblemNote problem={problem} onRetry={reload} />}
      {agency === "" ? (
        <p>Lists are an agency's own: choose one at the top.</p>
      ) : may("trader") ? (
        <p>
          <Button look="main" onClick={() => setAdding(true)}>
            Add a list
          </Button>
        </p>
      ) : null}
      {value.items.length === 0 ? (
        <Empty title="No list yet" />
      ) : (
        <TextTable
          label="Lists"
          columns={["Name", "Kind", "State", "Lines", "Unusable", "Segment", "Added", "Remove"]}
          digits={[3, 4]}
          rows={value.items.map((list) => rowOf(list, agency, reload))}
        />
      )}
      {adding ? (
        <AddList
          kinds={value.kinds}
          agency={agency}
          onClose={() => {
            setAdding(false);
            reload();
          }}
        />
      ) : null}
    </>
  );
}

const dots = { "taken in": "wait", "in the bank": "good", failed: "bad" } as const;

function rowOf(list: ListEntry, agency: string, then: () => void) {
  return [
    list.name,
    list.kind,
    <span key="state" class="status">
      <span class={`dot ${dots[list.state]}`} aria-hidden="true" /> {list.state}
      {list.reason === "" ? "" : `: ${list.reason}`}
    </span>,
    countText(list.rows),
    countText(list.unusable),
    list.segment === "" ? "with the next build" : <code key="segment">{list.segment}</code>,
    <span key="added">
      <Time at={list.at} />, {list.by}
    </span>,
    may("trader") ? <RemoveList key="remove" list={list} agency={agency} then={then} /> : "",
  ];
}

/** What is gone cannot come back without the file: this one asks first. */
function RemoveList(props: {
  readonly list: ListEntry;
  readonly agency: string;
  readonly then: () => void;
}) {
  const { list, agency, then } = props;
  const [asking, setAsking] = useState(false);
  const remove = async (): Promise<void> => {
    setAsking(false);
    const answer = await call(
      "DELETE",
      withQuery(`/lists/${encodeURIComponent(list.name)}`, { agency }),
    );
    toast(
      answer.ok
        ? { words: `${list.name} goes with the next build of the bank` }
        : { words: answer.problem.detail, bad: true },
    );
    then();
  };
  return (
    <>
      <Button small look="risky" label={`Remove ${list.name}`} onClick={() => setAsking(true)}>
        Remove
      </Button>
      {asking ? (
        <Dialog
          title={`Remove ${list.name}?`}
          onClose={() => setAsking(false)}
          foot={
            <>
              <Button onClick={() => setAsking(false)}>Keep it</Button>
              <Button look="risky" onClick={() => void remove()}>
                Remove the list
              </Button>
            </>
          }
        >
          <p>
            Its segment goes with the next build of the bank, and line items that name it stop. The
            file is not kept: to have the list back, bring it again.
          </p>
        </Dialog>
      ) : null}
    </>
  );
}

const fileMaxBytes = 512 * 1024 * 1024;
type Bringing = { readonly name: string; readonly kind: string; readonly file: File | null };

function AddList(props: {
  readonly kinds: readonly string[];
  readonly agency: string;
  readonly onClose: () => void;
}) {
  const { kinds, agency } = props;
  const [list, setList] = useState<Bringing>({ name: "", kind: kinds[0] ?? "", file: null });
  const [percent, setPercent] = useState<number | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const ending = useRef(new AbortController());
  const send = async (): Promise<void> => {
    const { name, kind, file } = list;
    if (file === null || file.size > fileMaxBytes) return;
    ending.current = new AbortController();
    setPercent(0);
    const path = withQuery("/lists", { name: name.trim(), kind, agency });
    const wrong = await upload(path, file, setPercent, ending.current.signal);
    setPercent(null);
    setProblem(wrong);
    if (wrong !== null) return;
    toast({ words: `${name} is taken in` });
    props.onClose();
  };
  const close = (): void => {
    ending.current.abort();
    props.onClose();
  };
  const foot = (
    <>
      <Button onClick={close}>{percent === null ? "Cancel" : "Stop"}</Button>
      <Button look="main" busy={percent !== null} onClick={() => void send()}>
        Bring it
      </Button>
    </>
  );
  return (
    <Dialog title="Add a list" onClose={close} foot={foot}>
      {problem === null ? null : <ProblemNote problem={problem} />}
      <Findings.Provider value={errorsAsFindings(problem?.errors)}>
        <ListFields {...{ kinds, list }} onChange={setList} />
      </Findings.Provider>
      <p role="status" class="field-note">
        {(list.file?.size ?? 0) > fileMaxBytes
          ? "This file is larger than 512 MiB: bring it in parts."
          : ""}
      </p>
      {percent === null ? null : (
        <p>
          <progress max={100} value={percent} aria-label="Sent" /> {Math.floor(percent)} %
        </p>
      )}
    </Dialog>
  );
}

function ListFields(props: {
  readonly kinds: readonly string[];
  readonly list: Bringing;
  readonly onChange: (list: Bringing) => void;
}) {
  const { kinds, list, onChange } = props;
  return (
    <>
      <TextField
        {...{ label: "Name", path: "name", required: true, value: list.name }}
        onInput={(name) => onChange({ ...list, name })}
        hint="Small letters, digits and hyphens: the segment is named after it"
      />
      <Select
        label="Kind of identifier"
        path="kind"
        required
        value={list.kind}
        options={kinds.map((value) => ({ value, label: value }))}
        onChange={(kind) => onChange({ ...list, kind })}
      />
      <Field label="File" path="file" required hint="One identifier a line, at most 512 MiB">
        {(wiring) => (
          <input
            {...wiring}
            type="file"
            accept=".csv,.txt,text/csv,text/plain"
            onChange={(event) =>
              onChange({ ...list, file: event.currentTarget.files?.[0] ?? null })
            }
          />
        )}
      </Field>
    </>
  );
}
