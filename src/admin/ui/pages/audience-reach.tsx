import { useEffect, useState } from "preact/hooks";
import type { Json } from "../../store/desk-store.js";
import type { Problem } from "../answers.js";
import { call, post, withQuery } from "../api.js";
import { useFetched, useSettled } from "../fetched.js";
import { Button } from "../kit/button.js";
import { ProblemNote } from "../kit/error-summary.js";
import { may } from "../session.js";
import { bandText } from "./audience-groups.js";
import type { CheckAnswer, ChecksAnswer, EstimateAnswer } from "./desk-answers.js";

type Props = {
  readonly agency: string;
  readonly value: Json | undefined;
  readonly readOnly: boolean;
};

const typingMs = 400;

/** About how many people, by published bands alone; and the check that says if it is enough. */
export function AudienceReach({ agency, value, readOnly }: Props) {
  const asked = useSettled(JSON.stringify(value ?? null), typingMs);
  const [estimate, setEstimate] = useState<EstimateAnswer | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    setEstimate(null);
    setProblem(null);
    if (asked === "null") return;
    const ending = new AbortController();
    const body = { agency, audience: JSON.parse(asked) as Json };
    call<EstimateAnswer>("POST", "/audiences/estimate", { body, signal: ending.signal }).then(
      (answer) => (answer.ok ? setEstimate(answer.value) : setProblem(answer.problem)),
      () => undefined,
    );
    return () => ending.abort();
  }, [agency, asked]);
  return (
    <aside class="reach" aria-label="About how many people">
      <h2>About how many people</h2>
      {problem === null ? null : <ProblemNote problem={problem} />}
      <div aria-live="polite">
        {asked === "null" ? (
          <p>Everybody: no audience is asked for, not even an identifier.</p>
        ) : (
          <Estimate estimate={estimate} />
        )}
      </div>
      {asked === "null" || readOnly || !may("trader") ? null : (
        <Check agency={agency} asked={asked} />
      )}
    </aside>
  );
}

function Estimate({ estimate }: { readonly estimate: EstimateAnswer | null }) {
  if (estimate === null) return <p class="muted">Estimating…</p>;
  const known = estimate.low !== null || estimate.high !== null;
  return (
    <>
      <p class="reach-band">
        {known ? bandText(estimate.low, estimate.high) : "Cannot be said from published bands"}
      </p>
      <p class="hint">An estimate from published bands of segments; no count is behind it.</p>
      {estimate.ignores.length === 0 ? null : (
        <details>
          <summary>What it leaves out</summary>
          <ul>
            {estimate.ignores.map((words) => (
              <li key={words}>{words}</li>
            ))}
          </ul>
        </details>
      )}
      <ul class="findings">
        {estimate.issues.map(({ path, message }) => (
          <li key={path + message} class="error">
            <span class="word">Error:</span> {message}
          </li>
        ))}
      </ul>
    </>
  );
}

/** Why each word is said; whoever asks learns no more than the word. */
const meaning: Readonly<Record<string, string>> = {
  certified: "line items with it may bid",
  refused: "too few people, or too close to another audience of this agency",
  waiting: "it is judged with the next data",
  "unknown segment": "a segment of it is not in the data",
  "no check left": "the checks of today are used up",
};

function Check({ agency, asked }: { readonly agency: string; readonly asked: string }) {
  const left = useFetched<ChecksAnswer>(withQuery("/audience-checks", { agency }));
  const [answer, setAnswer] = useState<(CheckAnswer & { asked: string }) | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const checksLeft = answer?.checksLeft ?? left.value?.checksLeft;
  const check = async (): Promise<void> => {
    setBusy(true);
    const body = { agency, audience: JSON.parse(asked) as Json };
    const said = await post<CheckAnswer>("/audiences/check", body);
    setBusy(false);
    setProblem(said.ok ? null : said.problem);
    if (said.ok) setAnswer({ ...said.value, asked });
  };
  const verdict = answer?.asked === asked ? answer.verdict : null;
  return (
    <>
      <Button busy={busy} onClick={() => void check()}>
        Check now
      </Button>
      <p class="hint">
        {checksLeft === undefined ? "" : `${checksLeft} of today's checks are left. `}
        The same audience again is free.
      </p>
      <p role="status" class={`verdict ${verdict === "certified" ? "good" : ""}`}>
        {verdict === null ? null : (
          <>
            <strong>{verdict}</strong>: {meaning[verdict] ?? ""}
          </>
        )}
      </p>
      {problem === null ? null : <ProblemNote problem={problem} />}
    </>
  );
}
