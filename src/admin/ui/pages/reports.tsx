import { useEffect, useState } from "preact/hooks";
import type { DeskReport } from "../../desk/desk.js";
import type { Entity, Problem } from "../answers.js";
import { call } from "../api.js";
import { rowsOf, useFetched } from "../fetched.js";
import { Button } from "../kit/button.js";
import { ProblemNote } from "../kit/error-summary.js";
import { Select, TextField } from "../kit/field.js";
import { countText, Empty, Loading, localZone } from "../kit/say.js";
import { Table } from "../kit/table.js";
import { go, place } from "../route.js";
import { advertiserShown } from "../session.js";
import { Choice } from "./choice.js";
import { dayIn, lastDays } from "./days.js";
import type { DimensionsAnswer } from "./desk-answers.js";
import { queryOf, type ReportAddress, reportOf } from "./report-address.js";
import { type ReportView, reportView } from "./report-view.js";
import { TextTable } from "./text-table.js";
import "../css/desk.css";

const orderMax = 4;
const longRows = 200;

/** Reports over what was bought; the address is the report, so that a link to it is a saved one. */
export default function ReportsPage() {
  const query = place.value.query.toString();
  const zone = useZone();
  const [draft, setDraft] = useState(whole(reportOf(query), zone));
  const [round, setRound] = useState(0);
  useEffect(() => setDraft(whole(reportOf(query), zone)), [query, zone]);
  const dimensions = useFetched<DimensionsAnswer>("/report-dimensions");
  const show = (): void => {
    setRound((n) => n + 1);
    go(`/reports?${queryOf(draft)}`);
  };
  return (
    <>
      <h1>Reports</h1>
      {dimensions.problem === null ? null : <ProblemNote problem={dimensions.problem} />}
      <form
        class="report-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          show();
        }}
      >
        <Breakdown
          names={dimensions.value?.items ?? []}
          by={draft.by}
          onChange={(by) => setDraft({ ...draft, by })}
        />
        <Period draft={draft} onChange={setDraft} zone={zone} />
        <Filters names={dimensions.value?.items ?? []} draft={draft} onChange={setDraft} />
        <Button submit look="main">
          Show
        </Button>
      </form>
      {query === "" ? (
        <Empty title="No report yet">
          <p>Choose what to break it down by, and show it. Its address can be kept or sent.</p>
        </Empty>
      ) : (
        <Shown key={round} query={queryOf(whole(reportOf(query), zone))} />
      )}
    </>
  );
}

/** The advertiser's that the desk is narrowed to, else the browser's. */
function useZone(): string {
  const key = advertiserShown.value;
  const { value } = useFetched<Entity>(key === "" ? null : `/advertisers/${key}`);
  const zone = value?.form["timeZone"];
  return typeof zone === "string" ? zone : localZone;
}

const usualDays = 7;
/** With what the address leaves out: a week until today, in the zone of the page. */
function whole(report: ReportAddress, zone: string): ReportAddress {
  const timeZone = report.timeZone || zone;
  const { from, to } = lastDays(report.to || todayIn(timeZone), usualDays);
  return { ...report, timeZone, from: report.from || from, to: report.to || to };
}

function Breakdown(props: {
  readonly names: readonly string[];
  readonly by: readonly string[];
  readonly onChange: (by: readonly string[]) => void;
}) {
  const { names, by } = props;
  return (
    <fieldset class="choice">
      <legend>By, in this order</legend>
      {names.map((name) => {
        const at = by.indexOf(name);
        return (
          <label key={name}>
            <input
              type="checkbox"
              checked={at >= 0}
              disabled={at < 0 && by.length >= orderMax}
              onChange={() =>
                props.onChange(at < 0 ? [...by, name] : by.filter((one) => one !== name))
              }
            />{" "}
            {name.replaceAll("-", " ")}
            {at < 0 ? null : <span class="badge">{at + 1}</span>}
          </label>
        );
      })}
    </fieldset>
  );
}

type DraftProps = {
  readonly draft: ReportAddress;
  readonly onChange: (draft: ReportAddress) => void;
};

const usualPeriods = [
  { value: "1", label: "Today" },
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "", label: "Other" },
];

const todayIn = (timeZone: string): string => dayIn(timeZone, Date.now());

function Period({ draft, onChange, zone }: DraftProps & { readonly zone: string }) {
  const today = todayIn(draft.timeZone);
  const zones = [...new Set([zone, draft.timeZone, localZone, "UTC"])];
  const usual = usualPeriods.find(({ value }) => {
    if (value === "") return false;
    const { from, to } = lastDays(today, Number(value));
    return from === draft.from && to === draft.to;
  });
  return (
    <>
      <Choice
        label="Days"
        options={usualPeriods}
        value={usual?.value ?? ""}
        onChoose={(value) =>
          onChange({ ...draft, ...(value === "" ? { from: "" } : lastDays(today, Number(value))) })
        }
      />
      <div class="row end">
        <TextField
          label="From"
          path="from"
          type="date"
          value={draft.from}
          onInput={(from) => onChange({ ...draft, from })}
        />
        <TextField
          label="To, included"
          path="to"
          type="date"
          value={draft.to}
          onInput={(to) => onChange({ ...draft, to })}
        />
        <Select
          label="Time zone"
          path="timeZone"
          required
          value={draft.timeZone}
          options={zones.map((zone) => ({ value: zone, label: zone }))}
          onChange={(timeZone) => onChange({ ...draft, timeZone })}
        />
      </div>
    </>
  );
}

function Filters({ names, draft, onChange }: DraftProps & { readonly names: readonly string[] }) {
  const [dimension, setDimension] = useState("");
  const [value, setValue] = useState("");
  const narrowing = names.filter((name) => name !== "day" && name !== "hour");
  const chosen = dimension || (narrowing[0] ?? "");
  const add = (): void => {
    if (value.trim() === "" || chosen === "") return;
    const values = [...new Set([...(draft.only[chosen] ?? []), value.trim()])];
    onChange({ ...draft, only: { ...draft.only, [chosen]: values } });
    setValue("");
  };
  const drop = (name: string, gone: string): void => {
    const { [name]: values = [], ...others } = draft.only;
    const left = values.filter((one) => one !== gone);
    onChange({ ...draft, only: left.length === 0 ? others : { ...others, [name]: left } });
  };
  return (
    <fieldset class="group">
      <legend>Only these</legend>
      <ul class="chips">
        {Object.entries(draft.only).flatMap(([name, values]) =>
          values.map((one) => (
            <li key={`${name} ${one}`} class="chip">
              {name}: {one}
              <Button small look="quiet" label={`Take out ${one}`} onClick={() => drop(name, one)}>
                ×
              </Button>
            </li>
          )),
        )}
      </ul>
      <div class="row end">
        <Select
          label="What"
          required
          value={chosen}
          options={narrowing.map((name) => ({ value: name, label: name.replaceAll("-", " ") }))}
          onChange={setDimension}
        />
        <TextField label="Name or number" required value={value} onInput={setValue} />
        <Button onClick={add}>Add</Button>
      </div>
    </fieldset>
  );
}

type Answered = { readonly report: DeskReport | null; readonly problem: Problem | null };
const waiting: Answered = { report: null, problem: null };

function Shown({ query }: { readonly query: string }) {
  const [{ report, problem }, setAnswered] = useState(waiting);
  const body = reportOf(query);
  useEffect(() => {
    const ending = new AbortController();
    setAnswered(waiting);
    call<DeskReport>("POST", "/reports", { body, signal: ending.signal }).then(
      (answer) =>
        setAnswered(
          answer.ok
            ? { report: answer.value, problem: null }
            : { report: null, problem: answer.problem },
        ),
      () => undefined,
    );
    return () => ending.abort();
  }, [query]);
  if (problem !== null) {
    return <ProblemNote problem={problem} />;
  }
  if (report === null) return <Loading what="the report" />;
  if (report.rows.length === 0) {
    return <Empty title="Nothing was requested or bought in this time and of this choice" />;
  }
  return <ReportTable report={report} body={body} />;
}

function ReportTable(props: { readonly report: DeskReport; readonly body: ReportAddress }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const download = async (): Promise<void> => {
    setBusy(true);
    const answer = await call<string>("POST", "/reports", { body: props.body, accept: "text/csv" });
    setBusy(false);
    setProblem(answer.ok ? null : answer.problem);
    if (answer.ok) saveFile(`report ${props.body.by.join(" ")}.csv`, answer.value);
  };
  const view = reportView(props.report);
  return (
    <div class="report-result">
      <p class="row">
        <span>
          {countText(view.rows.length)} {view.rows.length === 1 ? "row" : "rows"}; exact over places
          and times, never by person, segment or stage.
        </span>
        <Button busy={busy} onClick={() => void download()}>
          Download CSV
        </Button>
      </p>
      {problem === null ? null : <ProblemNote problem={problem} />}
      {view.note === "" ? null : <p class="hint">{view.note}</p>}
      {view.rows.length > longRows ? (
        <LongTable view={view} />
      ) : (
        <TextTable label="Report" columns={view.heads} {...view} foot={view.totals} />
      )}
    </div>
  );
}

/** Thousands of rows: those in sight alone are in the page, the totals before them. */
function LongTable({ view }: { readonly view: ReportView }) {
  const columns = view.heads.map((label, at) => ({
    ...{ id: label, label, digits: view.digits.includes(at) },
    cell: (row: number) => view.rows[row]?.[at] ?? "",
  }));
  return (
    <>
      <TextTable label="Totals" columns={view.heads} {...view} rows={view.totals} />
      <Table
        label="Report"
        columns={columns}
        rows={rowsOf([...view.rows.keys()])}
        keyOf={String}
        rowHeight={32}
      />
    </>
  );
}

/** Hands the browser a file to keep. */
function saveFile(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
