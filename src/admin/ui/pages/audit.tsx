import { useEffect, useState } from "preact/hooks";
import type { AuditVerdict } from "../../store/desk-store.js";
import type { Problem } from "../answers.js";
import { get, withQuery } from "../api.js";
import { Button } from "../kit/button.js";
import { ProblemNote } from "../kit/error-summary.js";
import { countText, Empty, Loading, Time } from "../kit/say.js";
import { may } from "../session.js";
import type { AuditAnswer } from "./desk-answers.js";
import { TextTable } from "./text-table.js";
import "../css/desk.css";

const pageSize = 100;

/** Every change, sign-in and refusal, each line bound to the one before it. */
export default function AuditPage() {
  const [lines, setLines] = useState<AuditAnswer["items"] | null>(null);
  const [next, setNext] = useState<number | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const load = async (before: number | null): Promise<void> => {
    const answer = await get<AuditAnswer>(withQuery("/audit", { before, limit: pageSize }));
    setProblem(answer.ok ? null : answer.problem);
    if (!answer.ok) return;
    setNext(answer.value.next);
    setLines((was) => [...(before === null ? [] : (was ?? [])), ...answer.value.items]);
  };
  useEffect(() => void load(null), []);
  return (
    <>
      <h1>Audit log</h1>
      {may("admin", "house") ? <Verify /> : null}
      {problem === null ? null : <ProblemNote problem={problem} onRetry={() => void load(null)} />}
      {lines === null ? (
        problem === null && <Loading what="the audit log" />
      ) : lines.length === 0 ? (
        <Empty title="Nothing happened yet" />
      ) : (
        <TextTable
          label="Audit log"
          columns={["Line", "When", "Who", "From", "What", "Of what", "Hash"]}
          digits={[0]}
          rows={lines.map((line) => [
            line.n,
            <Time key="at" at={line.at} />,
            line.actor.name,
            line.actor.from || "this machine",
            line.action.replaceAll("_", " "),
            line.what,
            <code key="hash" title={line.hash}>
              {line.hash.slice(0, 12)}
            </code>,
          ])}
        />
      )}
      {next === null ? null : (
        <p>
          <Button onClick={() => void load(next)}>Show older ones</Button>
        </p>
      )}
    </>
  );
}

/** Reads the whole log and says whether a line was changed, taken out or cut off. */
function Verify() {
  const [verdict, setVerdict] = useState<AuditVerdict | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const verify = async (): Promise<void> => {
    setBusy(true);
    const answer = await get<AuditVerdict>("/audit/verify");
    setBusy(false);
    setProblem(answer.ok ? null : answer.problem);
    setVerdict(answer.ok ? answer.value : null);
  };
  return (
    <>
      <p>
        <Button busy={busy} onClick={() => void verify()}>
          Verify the whole log
        </Button>
      </p>
      <div role="status">
        {verdict === null ? null : verdict.ok ? (
          <p class="verdict good">
            <strong>Whole</strong>: {countText(verdict.lines)} lines, head{" "}
            <code>{verdict.head.slice(0, 16)}</code>
          </p>
        ) : (
          <p class="verdict bad">
            <strong>Broken at line {verdict.line}</strong>: {verdict.words}
          </p>
        )}
      </div>
      {problem === null ? null : <ProblemNote problem={problem} />}
    </>
  );
}
