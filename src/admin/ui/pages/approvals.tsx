import { useState } from "preact/hooks";
import type { Entity, Problem } from "../answers.js";
import { type Answer, call, withQuery } from "../api.js";
import { useFetched } from "../fetched.js";
import { Button } from "../kit/button.js";
import { Dialog } from "../kit/dialog.js";
import { ProblemNote } from "../kit/error-summary.js";
import { Select, TextField } from "../kit/field.js";
import { Empty, Loading, Time } from "../kit/say.js";
import { toast } from "../kit/toast.js";
import { place, setQuery } from "../route.js";
import { may } from "../session.js";
import { CreativePreview } from "./creative-preview.js";
import type { ApprovalEntry, ApprovalsAnswer, ExchangesAnswer } from "./desk-answers.js";
import { TextTable } from "./text-table.js";
import { verdictsOf } from "./verdicts.js";
import "../css/desk.css";

const verdicts = ["pending", "approved", "rejected"] as const;
type Verdict = (typeof verdicts)[number];
const dots: Readonly<Record<string, string>> = {
  ...{ pending: "wait", approved: "good", rejected: "bad" },
};

function VerdictWord({ verdict }: { readonly verdict: string }) {
  return (
    <span class="status">
      <span class={`dot ${dots[verdict] ?? "off"}`} aria-hidden="true" /> {verdict}
    </span>
  );
}

/** `version`: of what was looked at; a verdict on something else is refused. */
type Judged = { readonly key: string; readonly name: string; readonly version: number };

async function decide(
  creative: Judged,
  exchange: string,
  verdict: Verdict,
  reason: string,
): Promise<Answer<Entity>> {
  const path = `/creatives/${encodeURIComponent(creative.key)}/approvals`;
  const said = reason.trim();
  const body = { exchange, verdict, ...(said === "" ? {} : { reason: said }) };
  const answer = await call<Entity>("POST", path, { body, version: creative.version });
  if (answer.ok) toast({ words: `${creative.name} is ${verdict} at ${exchange}` });
  return answer;
}

/** One creative's verdicts at every exchange. */
export function Approvals(props: {
  readonly creative: Entity;
  readonly onJudged: (creative: Entity) => void;
}) {
  const { creative, onJudged } = props;
  const exchanges = useFetched<ExchangesAnswer>("/exchanges");
  const said = new Map(verdictsOf(creative.form));
  const all = creative.form["approveAll"] === true;
  const { key, version } = creative;
  const one = { key, version, name: String(creative.form["name"] ?? key) };
  if (exchanges.value === null) return <Loading what="exchanges" />;
  return (
    <TextTable
      label="Approvals by exchange"
      columns={["Exchange", "Verdict", "Decide"]}
      rows={exchanges.value.items.map(({ name }) => [
        name,
        <VerdictWord key="verdict" verdict={said.get(name) ?? (all ? "approved" : "pending")} />,
        <Decide key="decide" creative={one} exchange={name} then={onJudged} />,
      ])}
    />
  );
}

type DecideProps = {
  readonly creative: Judged;
  readonly exchange: string;
  readonly then: (creative: Entity) => void;
};

function Decide({ creative, exchange, then }: DecideProps) {
  const [rejecting, setRejecting] = useState(false);
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  if (!may("approver")) return <span class="muted">an approver's</span>;
  const set = async (verdict: Verdict): Promise<void> => {
    const answer = await decide(creative, exchange, verdict, reason);
    setProblem(answer.ok ? null : answer.problem);
    if (!answer.ok) return;
    setRejecting(false);
    then(answer.value);
  };
  const at = `${creative.name} at ${exchange}`;
  return (
    <span class="row">
      <Button small label={`Approve ${at}`} onClick={() => void set("approved")}>
        Approve
      </Button>
      <Button small look="risky" label={`Reject ${at}`} onClick={() => setRejecting(true)}>
        Reject
      </Button>
      {problem === null || rejecting ? null : <ProblemNote problem={problem} />}
      {rejecting ? (
        <Dialog
          title={`Reject ${at}?`}
          onClose={() => setRejecting(false)}
          foot={
            <Button look="main" onClick={() => void set("rejected")}>
              Reject
            </Button>
          }
        >
          {problem === null ? null : <ProblemNote problem={problem} />}
          <TextField label="Why" path="reason" value={reason} onInput={setReason} maxLength={500} />
        </Dialog>
      ) : null}
    </span>
  );
}

/** The queue: what waits for a verdict, by exchange, looked at without leaving it. */
export default function ApprovalsPage() {
  const { query } = place.value;
  const exchange = query.get("exchange") ?? "";
  const verdict = query.get("verdict") ?? "pending";
  const exchanges = useFetched<ExchangesAnswer>("/exchanges");
  const queue = useFetched<ApprovalsAnswer>(withQuery("/approvals", { exchange, verdict }));
  const names = (exchanges.value?.items ?? []).map(({ name }) => ({ value: name, label: name }));
  return (
    <>
      <p>
        <a href="/creatives">Creatives</a>
      </p>
      <h1>Approvals</h1>
      <div class="row end">
        <Select
          label="Exchange"
          required
          value={exchange}
          options={[{ value: "", label: "All exchanges" }, ...names]}
          onChange={(value) => setQuery({ exchange: value })}
        />
        <Select
          label="Verdict"
          required
          value={verdict}
          options={verdicts.map((value) => ({ value, label: value }))}
          onChange={(value) => setQuery({ verdict: value })}
        />
      </div>
      {queue.problem === null ? null : (
        <ProblemNote problem={queue.problem} onRetry={queue.reload} />
      )}
      {queue.value === null ? (
        queue.problem === null && <Loading what="the queue" />
      ) : queue.value.items.length === 0 ? (
        <Empty title={verdict === "pending" ? "Nothing waits" : `Nothing is ${verdict}`} />
      ) : (
        <TextTable
          label="Approvals"
          columns={["Creative", "Exchange", "Verdict", "Changed", "Decide"]}
          rows={queue.value.items.map((entry) => rowOf(entry, queue.reload))}
        />
      )}
    </>
  );
}

function rowOf(entry: ApprovalEntry, then: () => void) {
  return [
    <Look key="creative" entry={entry} />,
    entry.exchange,
    <VerdictWord key="verdict" verdict={entry.verdict} />,
    <Time key="changed" at={entry.updatedAt} />,
    <Decide
      key="decide"
      creative={{ key: entry.creative, name: entry.name, version: entry.version }}
      exchange={entry.exchange}
      then={then}
    />,
  ];
}

/** The creative's preview comes when it is opened. */
function Look({ entry }: { readonly entry: ApprovalEntry }) {
  const [open, setOpen] = useState(false);
  const address = `/creatives/${encodeURIComponent(entry.creative)}`;
  const creative = useFetched<Entity>(open ? address : null);
  return (
    <>
      <a href={address}>{entry.name}</a> <span class="muted">{entry.advertiser}</span>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>Preview</summary>
        {creative.value === null ? null : <CreativePreview creative={creative.value} />}
      </details>
    </>
  );
}
