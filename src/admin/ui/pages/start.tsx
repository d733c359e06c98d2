import { useState } from "preact/hooks";
import type { JsonObject } from "../../store/desk-store.js";
import { type Entity, nameOf } from "../answers.js";
import { get, post } from "../api.js";
import { useDraft } from "../draft.js";
import { useFetched } from "../fetched.js";
import { AdvertiserFields, CampaignFields, newAdvertiser } from "../forms.js";
import { ListAt, NumberAt, SelectAt, TextAt } from "../kit/bound.js";
import { Button, ButtonLink } from "../kit/button.js";
import { Editor } from "../kit/editor.js";
import { ProblemNote } from "../kit/error-summary.js";
import { Checkbox, TextField } from "../kit/field.js";
import { Picker } from "../kit/picker.js";
import { Loading } from "../kit/say.js";
import { toast } from "../kit/toast.js";
import { place, setQuery } from "../route.js";
import { may, session } from "../session.js";
import { dayAfter, dayIn } from "./days.js";
import { StatusOf } from "./line-item-columns.js";

/** From nothing to live in four steps; where one stands is in the address. */
const steps = [
  ["advertiser", "Advertiser"],
  ["campaign", "Campaign"],
  ["creative", "Creative"],
  ["lineItem", "Line item"],
] as const;
type StepName = (typeof steps)[number][0];
type Chosen = Readonly<Record<StepName, string>>;

export default function Start() {
  const { query } = place.value;
  const chosen = Object.fromEntries(steps.map(([name]) => [name, query.get(name) ?? ""])) as Chosen;
  const now = steps.find(([name]) => chosen[name] === "")?.[0] ?? "done";
  return (
    <>
      <h1>A new campaign</h1>
      <ol class="steps">
        {steps.map(([name, label]) => (
          <li key={name} aria-current={name === now ? "step" : undefined}>
            <span class={chosen[name] === "" ? "badge" : "badge good"}>
              {chosen[name] === "" ? (name === now ? "now" : "then") : "done"}
            </span>{" "}
            {label}
          </li>
        ))}
      </ol>
      {now === "advertiser" ? <AdvertiserStep /> : null}
      {now === "campaign" ? <CampaignStep advertiser={chosen.advertiser} /> : null}
      {now === "creative" ? <CreativeStep advertiser={chosen.advertiser} /> : null}
      {now === "lineItem" ? <LineItemStep chosen={chosen} /> : null}
      {now === "done" ? <Done lineItem={chosen.lineItem} /> : null}
    </>
  );
}

function ChooseOne(props: {
  readonly kind: StepName;
  readonly label: string;
  readonly advertiser?: string;
}) {
  const only = props.advertiser === undefined ? {} : { advertiser: props.advertiser };
  return (
    <div class="sheet narrow">
      <Picker
        {...{ label: props.label, kind: props.kind, value: "", only }}
        onPick={(key) => setQuery({ [props.kind]: key })}
      />
    </div>
  );
}

function AdvertiserStep() {
  const draft = useDraft("advertiser", null, newAdvertiser());
  const next = (saved: Entity): void => setQuery({ advertiser: saved.key });
  return (
    <>
      <h2>For whom is it?</h2>
      <ChooseOne kind="advertiser" label="An advertiser that is here already" />
      {may("admin") ? (
        <>
          <h2>Or a new advertiser</h2>
          <Editor {...{ draft, what: "Advertiser", writable: true, step: true, onSaved: next }}>
            <AdvertiserFields draft={draft} />
          </Editor>
        </>
      ) : (
        <p class="hint">A new advertiser is made by an admin.</p>
      )}
    </>
  );
}

/** How long a campaign runs that nobody has said anything else about. */
const flightDays = 30;

function CampaignStep({ advertiser }: { readonly advertiser: string }) {
  const { value, problem } = useFetched<Entity>(`/advertisers/${advertiser}`);
  return (
    <>
      <h2>When does it run, and for how much?</h2>
      <ChooseOne kind="campaign" label="A campaign that is here already" advertiser={advertiser} />
      {value === null ? null : <NewCampaign advertiser={value} />}
      {value === null && problem !== null ? <ProblemNote problem={problem} /> : null}
      {value === null && problem === null ? <Loading what="the advertiser" /> : null}
    </>
  );
}

/** The days of a flight are those of the advertiser's zone: today may be another one here. */
function NewCampaign({ advertiser }: { readonly advertiser: Entity }) {
  const { currency, timeZone } = advertiser.form;
  const today = dayIn(String(timeZone ?? ""), Date.now());
  const draft = useDraft("campaign", null, {
    advertiser: Number(advertiser.key),
    flight: { start: today, end: dayAfter(today, flightDays) },
  });
  const next = (saved: Entity): void => setQuery({ campaign: saved.key });
  return (
    <Editor {...{ draft, what: "Campaign", writable: true, step: true, onSaved: next }}>
      <CampaignFields {...{ draft, currency: typeof currency === "string" ? currency : "" }} />
    </Editor>
  );
}

const sizes = ["300x250", "728x90", "320x50", "160x600", "300x600", "970x250"];
/** An image with our click address round it, which leads on to the landing page. */
function imageMarkup(url: string, size: string, words: string): string {
  const safe = (text: string): string =>
    text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
  const [width = "", height = ""] = size.split("x");
  const image = `<img src="${safe(url)}" width="${width}" height="${height}" alt="${safe(words)}">`;
  return `<a href="{CLICK_URL}" target="_blank">${image}</a>`;
}

/** The demo's privacy.yaml allows this one; it serves nothing, and the exchange is a fake. */
const demoImage = "https://cdn.lumen.example/banner.png";
const imageHint = (): string =>
  session.value?.demo === true
    ? `Begins with https://, from a host that privacy.yaml allows. Here for example: ${demoImage}`
    : "Begins with https://, from a host that privacy.yaml allows.";

/** Elsewhere nobody approves what is their own; the demo has one person and no money. */
const mayApproveOwn = (): boolean => session.value?.demo === true && may("approver");

function CreativeStep({ advertiser }: { readonly advertiser: string }) {
  const [image, setImage] = useState("");
  const [everywhere, setEverywhere] = useState(true);
  const draft = useDraft("creative", null, {
    ...{ advertiser: Number(advertiser), format: "html", sizes: ["300x250"] },
  });
  const size = String((draft.at("sizes") as readonly string[] | undefined)?.[0] ?? "300x250");
  const redraw = (url: string, to: string): void => {
    const words = String(draft.at("name") ?? "");
    draft.set("sizes", [to]);
    draft.set("html", url === "" ? undefined : imageMarkup(url, to, words));
  };
  const next = async (saved: Entity): Promise<void> => {
    if (mayApproveOwn() && everywhere) await approveEverywhere(saved.key);
    setQuery({ creative: saved.key });
  };
  return (
    <>
      <h2>What is shown?</h2>
      <ChooseOne kind="creative" label="A creative that is here already" advertiser={advertiser} />
      <h2>Or a new image banner</h2>
      <p class="hint">
        Videos, native ads and tags are made on the page of <a href="/creatives">creatives</a>.
      </p>
      <Editor
        {...{ draft, what: "Creative", writable: true, step: true }}
        onSaved={(saved) => void next(saved)}
      >
        <div class="narrow">
          <TextAt {...{ draft, path: "name", label: "Name", required: true }} />
          <TextField
            {...{ label: "Address of the image", path: "html", type: "url", required: true }}
            value={image}
            onInput={(url) => {
              setImage(url);
              redraw(url, size);
            }}
            hint={imageHint()}
          />
          <SizeChoice size={size} onChange={(to) => redraw(image, to)} />
          <TextAt
            {...{ draft, path: "landingPage", label: "Landing page", type: "url", required: true }}
            hint="Where a click leads; begins with https://."
          />
          {mayApproveOwn() ? (
            <Checkbox
              label="Approve it for every exchange"
              checked={everywhere}
              onChange={setEverywhere}
            />
          ) : (
            <p class="hint">It is shown where another person, an approver, has approved it.</p>
          )}
        </div>
      </Editor>
    </>
  );
}

function SizeChoice(props: { readonly size: string; readonly onChange: (size: string) => void }) {
  return (
    <fieldset>
      <legend>Size</legend>
      <div class="row">
        {sizes.map((size) => (
          <label key={size}>
            <input
              type="radio"
              name="size"
              checked={size === props.size}
              onChange={() => props.onChange(size)}
            />{" "}
            {size}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

async function approveEverywhere(key: string): Promise<void> {
  const exchanges = await get<{ readonly items: readonly { readonly name: string }[] }>(
    "/exchanges",
  );
  if (!exchanges.ok) return;
  for (const { name } of exchanges.value.items) {
    const verdict = { exchange: name, verdict: "approved" };
    const answer = await post(`/creatives/${key}/approvals`, verdict);
    if (!answer.ok)
      toast({ words: `Not approved for ${name}: ${answer.problem.detail}`, bad: true });
  }
}

function LineItemStep({ chosen }: { readonly chosen: Chosen }) {
  const { value: campaign } = useFetched<Entity>(`/campaigns/${chosen.campaign}`);
  const start: JsonObject = {
    campaign: Number(chosen.campaign),
    creatives: [{ id: Number(chosen.creative) }],
    withoutId: "contextual",
  };
  const draft = useDraft("lineItem", null, start);
  const currency = campaign?.links.advertiser?.currency ?? "";
  const next = (saved: Entity): void => setQuery({ lineItem: saved.key });
  return (
    <>
      <h2>Where is it shown, and for what price?</h2>
      <Editor {...{ draft, what: "Line item", writable: true, step: true, onSaved: next }}>
        <div class="narrow">
          <TextAt {...{ draft, path: "name", label: "Name", required: true }} />
          <ListAt
            {...{ draft, path: "targeting.include.countries", label: "Countries" }}
            example="FRA"
            hint="Three letters each; none = everywhere."
          />
          <ListAt
            {...{ draft, path: "targeting.include.sites", label: "Sites", example: "news.example" }}
            hint="None = every site and app."
          />
          <NumberAt
            {...{ draft, path: "price.cpm", label: "CPM", suffix: currency, required: true }}
            hint="Offered for 1,000 impressions."
          />
          <SelectAt
            {...{ draft, path: "withoutId", label: "People without an identifier" }}
            options={[
              { value: "contextual", label: "Are bought by context" },
              { value: "skip", label: "Are left out" },
            ]}
          />
        </div>
      </Editor>
      <p class="hint">Audience, caps, modifiers and more come after, in its editor.</p>
    </>
  );
}

const watchMs = 2_000;
function Done({ lineItem }: { readonly lineItem: string }) {
  const { value } = useFetched<Entity>(`/line-items/${lineItem}`, watchMs);
  return (
    <div class="sheet stack">
      <h2>{value === null ? "Saved" : `${nameOf(value)} is saved`}</h2>
      {value === null ? null : (
        <div aria-live="polite">
          <StatusOf item={value} />
        </div>
      )}
      <div class="row">
        <ButtonLink look="main" href={`/line-items/${lineItem}`}>
          Watch it
        </ButtonLink>
        <ButtonLink href={`/line-items/${lineItem}/edit`}>Set more of it</ButtonLink>
        <Button onClick={() => setQuery({ lineItem: null })}>Another line item</Button>
      </div>
    </div>
  );
}
