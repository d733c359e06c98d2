import { useEffect, useState } from "preact/hooks";
import type { StopKind } from "../../desk/desk.js";
import type { DeskKind } from "../../store/desk-store.js";
import { type Entity, kindPaths, nameOf, type StopEntry } from "../answers.js";
import { addStop, endStop, onStops } from "../changes.js";
import { useFetched } from "../fetched.js";
import { Button } from "../kit/button.js";
import { Dialog } from "../kit/dialog.js";
import { Select } from "../kit/field.js";
import { Picker } from "../kit/picker.js";
import { Time } from "../kit/say.js";
import { may } from "../session.js";

/** Stops: everything of an advertiser, an exchange, a creative or a line item off at once. */

const words: Readonly<Record<StopKind, string>> = {
  advertiser: "Advertiser",
  exchange: "Exchange",
  creative: "Creative",
  lineItem: "Line item",
};
const askEveryMs = 5_000;

/** The stops in force, each with its release; nothing where there is none. */
export function StopStrip() {
  const stops = useFetched<{ readonly items: readonly StopEntry[] }>("/stops", askEveryMs);
  useEffect(() => onStops(stops.reload), []);
  const items = stops.value?.items ?? [];
  if (items.length === 0) return null;
  return (
    <section class="banner bad" aria-label="Stops in force">
      <strong>
        {items.length} {items.length === 1 ? "stop is" : "stops are"} in force: no bid for
      </strong>
      <ul class="chips">
        {items.map((stop) => (
          <li key={`${stop.kind} ${stop.key}`}>
            <StopName stop={stop} />
            <Release stop={stop} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function useStopName(stop: StopEntry): string {
  const path =
    stop.kind === "exchange" ? null : `/${kindPaths[stop.kind]}/${encodeURIComponent(stop.key)}`;
  const { value } = useFetched<Entity>(path);
  return value === null ? stop.key : nameOf(value);
}

function StopName({ stop }: { readonly stop: StopEntry }) {
  return (
    <span>
      {words[stop.kind].toLowerCase()} {useStopName(stop)}, by {stop.by}, <Time at={stop.since} />
    </span>
  );
}

function Release({ stop }: { readonly stop: StopEntry }) {
  const name = `${words[stop.kind]} ${useStopName(stop)}`;
  if (!may("trader", stop.kind === "exchange" ? "house" : "agency")) return null;
  return (
    <Button
      small
      look="quiet"
      label={`Release ${name}`}
      onClick={() => void endStop(stop.kind, stop.key, name)}
    >
      Release
    </Button>
  );
}

type Named = { readonly name: string };
/** Chooses what to stop. No question after: the toast and the strip undo it. */
export function StopDialog({ onClose }: { readonly onClose: () => void }) {
  const [kind, setKind] = useState<StopKind>("advertiser");
  const [key, setKey] = useState("");
  const [name, setName] = useState("");
  const exchanges = useFetched<{ readonly items: readonly Named[] }>(
    kind === "exchange" ? "/exchanges" : null,
  );
  const kinds = (Object.keys(words) as StopKind[]).filter(
    (one) => one !== "exchange" || may("trader", "house"),
  );
  const stop = (): void => {
    void addStop(kind, key, name);
    onClose();
  };
  const foot = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button look="risky" disabled={key === ""} onClick={stop}>
        Stop now
      </Button>
    </>
  );
  return (
    <Dialog title="Stop everything of …" onClose={onClose} foot={foot}>
      <p>Takes effect within a second, also while the store is locked, until it is released.</p>
      <Select
        label="What"
        required
        value={kind}
        options={kinds.map((value) => ({ value, label: words[value] }))}
        onChange={(chosen) => {
          setKind(chosen as StopKind);
          setKey("");
        }}
      />
      {kind === "exchange" ? (
        <Select
          label="Exchange"
          required
          value={key}
          options={[
            { value: "", label: "Choose one" },
            ...(exchanges.value?.items ?? []).map((one) => ({ value: one.name, label: one.name })),
          ]}
          onChange={(chosen) => {
            setKey(chosen);
            setName(`Exchange ${chosen}`);
          }}
        />
      ) : (
        <Picker
          key={kind}
          label={words[kind]}
          required
          kind={kind as DeskKind}
          value={key}
          onPick={(chosen, entity) => {
            setKey(chosen);
            setName(entity === null ? chosen : `${words[kind]} ${nameOf(entity)}`);
          }}
        />
      )}
    </Dialog>
  );
}
