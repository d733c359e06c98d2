import { useState } from "preact/hooks";
import type { FieldError, Problem } from "../answers.js";
import { post } from "../api.js";
import { useFetched } from "../fetched.js";
import { Button } from "../kit/button.js";
import { ProblemNote } from "../kit/error-summary.js";
import { Select, TextArea } from "../kit/field.js";
import { countText, Loading, percentText } from "../kit/say.js";
import { toast } from "../kit/toast.js";
import type { PageProps } from "../route.js";
import { may } from "../session.js";
import { CodeBlock } from "./code-block.js";
import type { ExchangeEntry } from "./desk-answers.js";
import { isOver, shareText } from "./error-share.js";
import { curlOf } from "./exchange-curl.js";
import { StopButton, Trading } from "./exchanges.js";
import { TextTable } from "./text-table.js";
import "../css/desk.css";

const everyMs = 10_000;

/** For the engineers who connect an exchange: where, how, whether it works and what goes wrong. */
export default function ExchangePage({ part }: PageProps) {
  const name = part["name"] ?? "";
  const path = `/exchanges/${encodeURIComponent(name)}`;
  const { value, problem, reload } = useFetched<ExchangeEntry>(path, everyMs);
  if (value === null) {
    return problem === null ? <Loading what="the exchange" /> : <ProblemNote problem={problem} />;
  }
  return (
    <>
      <p>
        <a href="/exchanges">Exchanges</a>
      </p>
      <h1>{name}</h1>
      {problem === null ? null : <ProblemNote problem={problem} onRetry={reload} />}
      <p class="row">
        <Trading exchange={value} />
        {may("trader", "house") ? <StopButton exchange={value} then={reload} /> : null}
      </p>
      <Endpoint exchange={value} />
      <Errors exchange={value} />
      <Samples exchange={value} />
      <Checker name={name} samples={value.samples ?? []} />
    </>
  );
}

function Endpoint({ exchange }: { readonly exchange: ExchangeEntry }) {
  return (
    <>
      <h2>Endpoint</h2>
      <p class="row">
        <code>POST {exchange.endpoint}</code>
        <CopyButton what="the endpoint" text={exchange.endpoint ?? ""} />
      </p>
      <p>{exchange.profile}. 204 says no bid; bodies may be gzip; keep connections alive.</p>
      <TextTable
        label="Required headers"
        columns={["Header", "Value", "Why"]}
        rows={(exchange.headers ?? []).map(({ name, value, why }) => [
          <code key="name">{name}</code>,
          <code key="value">{value}</code>,
          why,
        ])}
      />
    </>
  );
}

function Errors({ exchange }: { readonly exchange: ExchangeEntry }) {
  const errors = exchange.errors ?? [];
  if (errors.length === 0) return null;
  return (
    <>
      <h2>Errors</h2>
      <TextTable
        label="Errors by kind"
        columns={["Kind", "Last hour", "Since the start", "Exchanges bear", "Verdict"]}
        digits={[1, 2, 3]}
        rows={errors.map((error) => [
          error.kind,
          countText(error.lastHour),
          countText(error.sinceStart),
          percentText(error.tolerancePercent),
          <Verdict
            key="verdict"
            over={isOver(exchange, error)}
            words={shareText(exchange, error)}
          />,
        ])}
      />
    </>
  );
}

function Verdict({ over, words }: { readonly over: boolean; readonly words: string }) {
  return (
    <span class="status">
      <span class={`dot ${over ? "bad" : "good"}`} aria-hidden="true" /> {words}
    </span>
  );
}

function Samples({ exchange }: { readonly exchange: ExchangeEntry }) {
  const samples = exchange.samples ?? [];
  const [name, setName] = useState(samples[0]?.name ?? "");
  const sample = samples.find((one) => one.name === name);
  if (sample === undefined) return null;
  const curl = curlOf(exchange.endpoint ?? "", exchange.headers ?? [], sample.body);
  return (
    <>
      <h2>Sample requests</h2>
      <div class="row end">
        <Select
          label="Request"
          required
          value={name}
          options={samples.map((one) => ({ value: one.name, label: one.name }))}
          onChange={setName}
        />
        <CopyButton what="the curl command" text={curl} />
        <CopyButton what="the body" text={sample.body} />
      </div>
      <CodeBlock label={`curl command of ${name}`} text={curl} />
    </>
  );
}

function CopyButton(props: { readonly what: string; readonly text: string }) {
  const copy = (): void => {
    navigator.clipboard.writeText(props.text).then(
      () => toast({ words: `Copied ${props.what}` }),
      () => toast({ words: "This browser does not let a page copy: select the text", bad: true }),
    );
  };
  return (
    <Button small onClick={copy}>
      Copy {props.what}
    </Button>
  );
}

type Checked = { readonly issues: readonly FieldError[] } | { readonly problem: Problem } | null;

/** An answer of the bidder against its request, by the rules that bids must keep. */
function Checker(props: {
  readonly name: string;
  readonly samples: NonNullable<ExchangeEntry["samples"]>;
}) {
  const [request, setRequest] = useState(props.samples[0]?.body ?? "");
  const [answer, setAnswer] = useState("");
  const [checked, setChecked] = useState<Checked>(null);
  const [busy, setBusy] = useState(false);
  const check = async (): Promise<void> => {
    setBusy(true);
    const path = `/exchanges/${encodeURIComponent(props.name)}/check-answer`;
    const said = await post<{ issues: readonly FieldError[] }>(path, { request, answer });
    setBusy(false);
    setChecked(said.ok ? said.value : { problem: said.problem });
  };
  return (
    <>
      <h2>Check an answer</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void check();
        }}
      >
        <div class="columns">
          <TextArea label="Request" required code rows={10} value={request} onInput={setRequest} />
          <TextArea label="Answer" required code rows={10} value={answer} onInput={setAnswer} />
        </div>
        <Button submit busy={busy}>
          Check
        </Button>
      </form>
      <div role="status">
        {checked === null ? null : "problem" in checked ? (
          <ProblemNote problem={checked.problem} />
        ) : checked.issues.length === 0 ? (
          <p class="verdict good">
            <strong>Good</strong>: an exchange would take this answer.
          </p>
        ) : (
          <ul class="findings">
            {checked.issues.map(({ field, message }) => (
              <li key={field + message} class="error">
                <span class="word">Error:</span> <code>{field}</code> {message}
              </li>
            ))}
          </ul>
        )}
      </div>
    </>
  );
}
