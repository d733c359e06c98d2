import { call, post } from "../api.js";
import { useFetched } from "../fetched.js";
import { Button } from "../kit/button.js";
import { ProblemNote } from "../kit/error-summary.js";
import { countText, Empty, Loading } from "../kit/say.js";
import { toast } from "../kit/toast.js";
import { may } from "../session.js";
import type { ExchangeEntry, ExchangesAnswer } from "./desk-answers.js";
import { isOver } from "./error-share.js";
import { TextTable } from "./text-table.js";
import "../css/desk.css";

const everyMs = 5000;

/** All exchanges: whether they trade, how much, and what goes wrong more often than they bear. */
export default function ExchangesPage() {
  const { value, problem, reload } = useFetched<ExchangesAnswer>("/exchanges", everyMs);
  const inHouse = may("viewer", "house");
  if (value === null) {
    return problem === null ? <Loading what="exchanges" /> : <ProblemNote problem={problem} />;
  }
  const heads = ["Exchange", "State"];
  if (inHouse) heads.push("Requests", "Bids", "Wins", "Per second", "Errors of the last hour");
  const mayStop = may("trader", "house");
  if (mayStop) heads.push("Stop or start");
  return (
    <>
      <h1>Exchanges</h1>
      {problem === null ? null : <ProblemNote problem={problem} onRetry={reload} />}
      {value.items.length === 0 ? (
        <Empty title="No exchange is configured">
          <p>Each has a file of its own in config/exchanges/.</p>
        </Empty>
      ) : (
        <TextTable
          label="Exchanges"
          columns={heads}
          digits={[2, 3, 4, 5]}
          rows={value.items.map((one) => [
            inHouse ? (
              <a href={`/exchanges/${encodeURIComponent(one.name)}`}>{one.name}</a>
            ) : (
              one.name
            ),
            <Trading key="state" exchange={one} />,
            ...(inHouse ? figuresOf(one) : []),
            ...(mayStop ? [<StopButton key="stop" exchange={one} then={reload} />] : []),
          ])}
        />
      )}
      {inHouse ? (
        <p class="hint">
          Bids may outnumber requests: a request may ask for several ads, and each takes a bid.
        </p>
      ) : null}
    </>
  );
}

const figuresOf = (one: ExchangeEntry) => {
  const over = (one.errors ?? []).filter((error) => isOver(one, error));
  const most = one.queriesPerSecondMax ?? null;
  return [
    countText(one.requests),
    countText(one.bids),
    countText(one.wins),
    `${countText(one.queriesPerSecond)}${most === null ? "" : ` of ${countText(most)}`}`,
    over.length === 0 ? (
      "within what it bears"
    ) : (
      <span key="over" class="status">
        <span class="dot bad" aria-hidden="true" /> {over.map(({ kind }) => kind).join(", ")}
      </span>
    ),
  ];
};

export function Trading({ exchange }: { readonly exchange: ExchangeEntry }) {
  return (
    <span class="status">
      <span class={`dot ${exchange.stopped ? "bad" : "good"}`} aria-hidden="true" />{" "}
      {exchange.stopped ? "Stopped: every request is answered with no bid" : "Trading"}
    </span>
  );
}

/** Works within a second, also while the store is locked; the way back is the same button. */
export function StopButton(props: { readonly exchange: ExchangeEntry; readonly then: () => void }) {
  const { name, stopped } = props.exchange;
  const set = async (stop: boolean): Promise<void> => {
    const answer = stop
      ? await post("/stops", { kind: "exchange", key: name })
      : await call("DELETE", `/stops/exchange/${encodeURIComponent(name)}`);
    if (!answer.ok) toast({ words: answer.problem.detail, bad: true });
    else {
      toast({
        words: stop ? `${name} is stopped` : `${name} trades again`,
        undo: () => void set(!stop),
      });
    }
    props.then();
  };
  return (
    <Button
      small
      look={stopped ? "usual" : "risky"}
      label={`${stopped ? "Start" : "Stop"} ${name}`}
      onClick={() => void set(!stopped)}
    >
      {stopped ? "Start" : "Stop"}
    </Button>
  );
}
