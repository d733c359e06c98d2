import { useState } from "preact/hooks";
import type { ExplainResult } from "../../explain-result.js";
import type { Problem } from "../answers.js";
import { post, withQuery } from "../api.js";
import { useFetched } from "../fetched.js";
import { Button } from "../kit/button.js";
import { ProblemNote } from "../kit/error-summary.js";
import { errorsAsFindings, Findings, Select, TextArea, TextField } from "../kit/field.js";
import { place } from "../route.js";
import { agencyShown, user } from "../session.js";
import type { ExchangesAnswer, SegmentsAnswer } from "./desk-answers.js";
import { ExplanationView } from "./explanation.js";
import { parsed } from "./field-text.js";
import "../css/desk.css";

/** What is asked, as it is typed. */
type Asked = {
  readonly exchange: string;
  readonly request: string;
  readonly segments: string;
  readonly lineItems: string;
};

/** Why a request led to a bid or to none, by line item. Nobody real is looked up. */
export default function ExplainPage() {
  const lineItems = place.value.query.get("lineItem") ?? "";
  const [asked, setAsked] = useState<Asked>({
    ...{ exchange: "", request: "", segments: "", lineItems },
  });
  const [result, setResult] = useState<ExplainResult | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const explain = async (exchange: string): Promise<void> => {
    setBusy(true);
    const answer = await post<ExplainResult>("/explain", bodyOf({ ...asked, exchange }));
    setBusy(false);
    setProblem(answer.ok ? null : answer.problem);
    setResult(answer.ok ? answer.value : null);
  };
  return (
    <>
      <h1>Explain a request</h1>
      <p>
        Paste a bid request: its identifiers are dropped before it is read. The person behind it is
        nobody, or someone in the segments that you declare.
      </p>
      <Findings.Provider value={errorsAsFindings(problem?.errors)}>
        <AskForm {...{ asked, busy }} onChange={setAsked} onAsk={(name) => void explain(name)} />
      </Findings.Provider>
      <div role="status" class="unseen">
        {result === null ? "" : `Explained: ${result.outcome}`}
      </div>
      {problem === null ? null : <ProblemNote problem={problem} />}
      {result === null ? null : <ExplanationView result={result} />}
    </>
  );
}

const bodyOf = ({ exchange, request, segments, lineItems }: Asked) => ({
  request,
  ...(exchange === "" ? {} : { exchange }),
  ...(segments.trim() === "" ? {} : { segments: parsed("words", segments) }),
  ...(lineItems.trim() === "" ? {} : { lineItems: parsed("numbers", lineItems) }),
});

function AskForm(props: {
  readonly asked: Asked;
  readonly busy: boolean;
  readonly onChange: (asked: Asked) => void;
  readonly onAsk: (exchange: string) => void;
}) {
  const { asked, busy, onChange } = props;
  const exchanges = useFetched<ExchangesAnswer>("/exchanges").value?.items ?? [];
  const chosen = asked.exchange || (exchanges[0]?.name ?? "");
  const samples = exchanges.find(({ name }) => name === chosen)?.samples ?? [];
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        props.onAsk(chosen);
      }}
    >
      <div class="row end">
        <Select
          label="Exchange"
          path="exchange"
          required
          value={chosen}
          options={exchanges.map(({ name }) => ({ value: name, label: name }))}
          onChange={(exchange) => onChange({ ...asked, exchange })}
        />
        {samples.map(({ name, body }) => (
          <Button key={name} small onClick={() => onChange({ ...asked, request: body })}>
            Sample: {name}
          </Button>
        ))}
      </div>
      <TextArea
        {...{ label: "Bid request", path: "request", required: true, code: true, rows: 12 }}
        value={asked.request}
        onInput={(request) => onChange({ ...asked, request })}
      />
      <SegmentsInput
        value={asked.segments}
        onInput={(segments) => onChange({ ...asked, segments })}
      />
      <TextField
        label="Only these line items"
        path="lineItems"
        value={asked.lineItems}
        onInput={(lineItems) => onChange({ ...asked, lineItems })}
        hint="Numbers; empty: all that you may see"
      />
      <Button submit look="main" busy={busy}>
        Explain
      </Button>
    </form>
  );
}

const offeredMax = 30;

function SegmentsInput(props: {
  readonly value: string;
  readonly onInput: (value: string) => void;
}) {
  const agency = user.value?.agency || agencyShown.value;
  const known = useFetched<SegmentsAnswer>(withQuery("/segments", { agency }));
  const last = props.value.split(/[\s,]+/).at(-1) ?? "";
  const given = new Set(props.value.split(/[\s,]+/));
  const found = (known.value?.items ?? []).filter(
    ({ name, label }) => !given.has(name) && `${name} ${label}`.toLowerCase().includes(last),
  );
  return (
    <>
      <TextField
        label="Segments of the person"
        path="segments"
        value={props.value}
        onInput={props.onInput}
        hint="Names with commas between them; empty: nobody that we know"
      />
      {last === "" || found.length === 0 ? null : (
        <ul class="chips" aria-label="Segments that fit">
          {found.slice(0, offeredMax).map(({ name }) => (
            <li key={name}>
              <Button
                small
                onClick={() =>
                  props.onInput(
                    `${props.value.slice(0, props.value.length - last.length)}${name}, `,
                  )
                }
              >
                {name}
              </Button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
