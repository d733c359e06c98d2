import type { LineItemNow, LineItemState } from "../../desk/desk.js";
import { stateWord } from "../words.js";
import { moneyText } from "./say.js";

/**
 * Good, waiting, off by will, or wrong: colour and shape, beside the word and never in its place.
 */
const tones: Readonly<Record<LineItemState, "good" | "wait" | "off" | "bad">> = {
  ...{ draft: "off", checking: "wait", warming: "wait", live: "good", paused: "off" },
  ...{ stopped: "bad", refused: "bad", "not started": "wait", ended: "off" },
  ...{ "budget spent": "off", held: "bad", "no creative": "bad", error: "bad" },
};

/** The state with its reason; the reason leads to the setting that it hangs on. */
export function Status(props: {
  readonly state: LineItemState;
  readonly reason: string;
  /** Where the setting is; "" = nowhere. */
  readonly href?: string;
}) {
  return (
    <span class="status">
      <span class={`dot ${tones[props.state]}`} aria-hidden="true" />
      <span class="status-word">{stateWord(props.state)}</span>
      {props.reason === "" ? null : (
        <span class="status-reason" title={props.reason}>
          {props.href ? <a href={props.href}>{props.reason}</a> : props.reason}
        </span>
      )}
    </span>
  );
}

export type Pace = "on track" | "ahead" | "behind" | "not paced";
/** Within a tenth of the plan is on track. */
export function paceOf(now: Pick<LineItemNow, "spendToday" | "idealToday">): Pace {
  if (now.idealToday === null) return "not paced";
  const [spent, ideal] = [Number(now.spendToday), Number(now.idealToday)];
  if (ideal === 0) return spent === 0 ? "on track" : "ahead";
  if (spent > ideal * 1.1) return "ahead";
  return spent < ideal * 0.9 ? "behind" : "on track";
}

/** Today's spend as a bar of the day's budget, the plan as a tick on it, and both in text. */
export function PaceBar(props: { readonly now: LineItemNow; readonly currency: string }) {
  const { now, currency } = props;
  const pace = paceOf(now);
  const whole = Number(now.dayBudget ?? now.idealToday ?? 0);
  const share = (amount: string | null): number =>
    whole <= 0 || amount === null ? 0 : Math.min(1, Number(amount) / whole);
  return (
    <span class="pace">
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" class={`bar ${pace}`}>
        <rect class="bar-whole" width="100" height="8" />
        <rect class="bar-part" width={share(now.spendToday) * 100} height="8" />
        {now.idealToday === null ? null : (
          <rect
            class="bar-tick"
            x={Math.min(98.5, share(now.idealToday) * 100)}
            width="1.5"
            height="8"
          />
        )}
      </svg>
      <span class="pace-text">
        {moneyText(now.spendToday, currency)}
        {now.dayBudget === null ? "" : ` of ${moneyText(now.dayBudget, currency)}`}
        {pace === "not paced" ? "" : `, ${pace}`}
      </span>
    </span>
  );
}
