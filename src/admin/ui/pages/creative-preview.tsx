import { useState } from "preact/hooks";
import type { Entity } from "../answers.js";
import { useFetched } from "../fetched.js";
import { ProblemNote } from "../kit/error-summary.js";
import { Select } from "../kit/field.js";
import { Loading } from "../kit/say.js";
import { CodeBlock } from "./code-block.js";
import type { NativeCard, PreviewAnswer } from "./desk-answers.js";
import { textOf } from "./field-text.js";
import { TextTable } from "./text-table.js";

/**
 * How a creative looks, and what is wrong with it. Its script runs where it reaches nothing. Give
 * it the version as its key: it shows what was saved last.
 */
export function CreativePreview({ creative }: { readonly creative: Entity }) {
  const { key, form } = creative;
  const { value, problem } = useFetched<PreviewAnswer>(
    `/creatives/${encodeURIComponent(key)}/preview`,
  );
  if (problem !== null) return <ProblemNote problem={problem} />;
  if (value === null) return <Loading what="the preview" />;
  return (
    <>
      {value.problems.length === 0 ? (
        <p class="verdict good">
          <strong>Checked</strong>: nothing is wrong with it.
        </p>
      ) : (
        <ul class="findings">
          {value.problems.map((words) => (
            <li key={words} class="error">
              <span class="word">Error:</span> {words}
            </li>
          ))}
        </ul>
      )}
      <p>
        A click leads to <code>{value.clickUrl}</code>
      </p>
      {value.html === undefined ? null : <Framed creative={creative} sizes={value.sizes} />}
      {value.card === undefined ? null : <Card card={value.card} />}
      {value.vast === undefined ? null : <Vast vast={value.vast} media={form["mediaFiles"]} />}
    </>
  );
}

function Framed(props: { readonly creative: Entity; readonly sizes: readonly string[] }) {
  const { creative, sizes } = props;
  const [chosen, setChosen] = useState(sizes[0] ?? "300x250");
  const size = sizes.includes(chosen) ? chosen : (sizes[0] ?? "300x250");
  const [width, height] = size.split("x").map(Number);
  const address = `/preview/creatives/${encodeURIComponent(creative.key)}`;
  return (
    <>
      <Select
        label="Size"
        required
        value={size}
        options={sizes.map((value) => ({ value, label: value }))}
        onChange={setChosen}
      />
      {/* Without allow-same-origin: what runs inside has no cookie, storage or page of ours. */}
      <iframe
        key={creative.version}
        class="preview"
        title={`Preview at ${size}`}
        sandbox="allow-scripts"
        referrerPolicy="no-referrer"
        loading="lazy"
        src={address}
        width={width ?? 300}
        height={height ?? 250}
      />
    </>
  );
}

/** A native ad as a site may lay it out; of pictures their addresses, they are elsewhere. */
function Card({ card }: { readonly card: NativeCard }) {
  const { sponsored, description, ctaText, ...others } = card.data;
  return (
    <article class="native-card" aria-label="Native card">
      {card.image === null ? null : <p class="native-picture">{card.image}</p>}
      <p class="muted">Sponsored{sponsored === undefined ? "" : ` by ${sponsored}`}</p>
      <h3>{card.title}</h3>
      {description === undefined ? null : <p>{description}</p>}
      {Object.entries(others).map(([name, text]) => (
        <p key={name} class="muted">
          {name}: {text}
        </p>
      ))}
      {ctaText === undefined ? null : <p class="native-button">{ctaText}</p>}
    </article>
  );
}

function Vast({ vast, media }: { readonly vast: string; readonly media: unknown }) {
  const files = Array.isArray(media) ? media : [];
  return (
    <>
      {files.length === 0 ? null : (
        <TextTable
          label="Media files"
          columns={["Media file"]}
          rows={files.map((file) => [textOf("media", [file])])}
        />
      )}
      <CodeBlock label="VAST document" text={vast} />
    </>
  );
}
