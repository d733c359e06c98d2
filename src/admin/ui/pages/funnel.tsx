import { type Entity, nameOf } from "../answers.js";
import { withQuery } from "../api.js";
import { useFetched } from "../fetched.js";
import { ProblemNote } from "../kit/error-summary.js";
import { countText, Empty, Loading, Time } from "../kit/say.js";
import { Status } from "../kit/status.js";
import { type PageProps, place, setQuery } from "../route.js";
import { Choice } from "./choice.js";
import type { FunnelAnswer } from "./desk-answers.js";
import { type FunnelStep, funnelSteps } from "./funnel-steps.js";
import "../css/desk.css";

const spans = [
  { value: "1", label: "Today" },
  { value: "7", label: "7 days" },
  { value: "14", label: "14 days" },
];
const everyMs = 60_000;

/** Why a line item does not spend: from requests to wins, each step with what it left out. */
export default function FunnelPage({ part }: PageProps) {
  const key = part["key"] ?? "";
  const days = place.value.query.get("days") ?? "1";
  const entity = useFetched<Entity>(`/line-items/${encodeURIComponent(key)}`);
  const path = withQuery(`/line-items/${encodeURIComponent(key)}/funnel`, { days });
  const funnel = useFetched<FunnelAnswer>(path, everyMs);
  const problem = entity.problem ?? funnel.problem;
  const now = entity.value?.now;
  const edit = `/line-items/${encodeURIComponent(key)}/edit`;
  return (
    <>
      <p>
        <a href={edit}>{entity.value === null ? `Line item ${key}` : nameOf(entity.value)}</a>
      </p>
      <h1>Why it does, or does not, spend</h1>
      {now === undefined ? null : (
        <p>
          <Status
            state={now.state}
            reason={now.reason}
            href={now.field === "" ? "" : `${edit}#${now.field}`}
          />
        </p>
      )}
      <Choice
        label="Time"
        options={spans}
        value={days}
        onChoose={(chosen) => setQuery({ days: chosen })}
      />
      {problem === null ? null : <ProblemNote problem={problem} onRetry={funnel.reload} />}
      {funnel.value === null ? (
        problem === null && <Loading what="the funnel" />
      ) : (
        <Bars answer={funnel.value} edit={edit} zone={entity.value?.links.advertiser?.timeZone} />
      )}
    </>
  );
}

function Bars(props: {
  readonly answer: FunnelAnswer;
  readonly edit: string;
  readonly zone: string | undefined;
}) {
  const { steps, leftOut } = funnelSteps(props.answer.bars);
  if (steps.length === 0) {
    return (
      <Empty title="Nothing is counted yet">
        <p>Counts come with the first requests after the line item went live.</p>
      </Empty>
    );
  }
  return (
    <>
      <BarTable label="From request to win" bars={steps} edit={props.edit} head="Step" />
      {leftOut.length === 0 ? null : (
        <>
          <h2>What was left out, and by what</h2>
          <BarTable label="Left out by reason" bars={leftOut} edit={props.edit} head="Reason" />
        </>
      )}
      <p class="hint">
        As of <Time at={props.answer.asOf} zone={props.zone} />, counted since the program started.
        Reasons come from samples of the requests, asked without a person. What people, caps, pace,
        budget and other line items leave out is one class: the eligible ones less the bids.
      </p>
    </>
  );
}

const stepWords = { requests: "Requests", eligible: "Eligible", bid: "Bid", won: "Won" } as const;
const wordsOf = ({ step, reason }: FunnelStep): string => {
  if (step === "left out") return reason;
  return stepWords[step];
};

/** Numbers beside their bars: the picture says nothing that the table does not. */
function BarTable(props: {
  readonly label: string;
  readonly head: string;
  readonly bars: readonly FunnelStep[];
  readonly edit: string;
}) {
  return (
    <div class="scroll">
      <table class="bars">
        <caption class="unseen">{props.label}</caption>
        <thead>
          <tr>
            <th scope="col">{props.head}</th>
            <th scope="col" class="digits">
              Count
            </th>
            <th scope="col">Share</th>
          </tr>
        </thead>
        <tbody>
          {props.bars.map((bar) => (
            <tr key={bar.step + bar.reason}>
              <th scope="row">
                {bar.field === "" ? (
                  wordsOf(bar)
                ) : (
                  <a href={`${props.edit}#${bar.field}`}>{wordsOf(bar)}</a>
                )}
              </th>
              <td class="digits">
                {bar.noisy ? "about " : ""}
                {countText(bar.count)}
              </td>
              <td>
                <svg viewBox="0 0 100 8" preserveAspectRatio="none" class="bar" aria-hidden="true">
                  <rect class="bar-whole" width="100" height="8" />
                  <rect class="bar-part" width={bar.ofAll} height="8" />
                </svg>{" "}
                {bar.ofBefore}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
