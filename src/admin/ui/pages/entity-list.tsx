import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { DeskKind } from "../../store/desk-store.js";
import { type Entity, kindPaths, nameOf } from "../answers.js";
import { withQuery } from "../api.js";
import { usePages } from "../fetched.js";
import { ButtonLink } from "../kit/button.js";
import { ProblemNote } from "../kit/error-summary.js";
import { TextField } from "../kit/field.js";
import { Empty, Loading } from "../kit/say.js";
import { type Column, Table } from "../kit/table.js";
import { place, setQuery } from "../route.js";
import { advertiserShown, agencyShown } from "../session.js";
import "../css/desk.css";

const everyMs = 15_000;

/** All things of a kind: search, archive, and a row each that leads to its editor. */
export function EntityList(props: {
  readonly kind: DeskKind;
  readonly title: string;
  readonly columns: readonly Column<Entity>[];
  readonly mayAdd: boolean;
  /** What is said where there is none. */
  readonly empty: string;
  /** Narrows by the advertiser of the frame too. */
  readonly byAdvertiser?: boolean;
  readonly children?: ComponentChildren;
}) {
  const { query } = place.value;
  const [sort, setSort] = useState("name");
  const list = `/${kindPaths[props.kind]}`;
  const path = withQuery(list, {
    agency: agencyShown.value,
    advertiser: props.byAdvertiser === true ? advertiserShown.value : "",
    search: query.get("search"),
    archived: query.get("archived"),
    sort,
  });
  const { rows, total, problem, reload } = usePages<Entity>(path, everyMs);
  const name: Column<Entity> = {
    ...{ id: "name", label: "Name", sort: "name" },
    cell: (entity) => (
      <>
        <a href={`${list}/${encodeURIComponent(entity.key)}`}>{nameOf(entity)}</a>
        {entity.draft ? <span class="badge">draft</span> : null}
      </>
    ),
  };
  return (
    <>
      <h1>{props.title}</h1>
      <div class="row end">
        <TextField
          label="Search"
          type="search"
          required
          value={query.get("search") ?? ""}
          onInput={(search) => setQuery({ search })}
        />
        <label class="checkbox">
          <input
            type="checkbox"
            checked={query.has("archived")}
            onChange={(event) =>
              setQuery({ archived: event.currentTarget.checked ? "true" : null })
            }
          />{" "}
          Archived ones
        </label>
        {props.mayAdd ? (
          <ButtonLink look="main" href={`${list}/new`}>
            Add one
          </ButtonLink>
        ) : null}
        {props.children}
      </div>
      {problem === null ? null : <ProblemNote problem={problem} onRetry={reload} />}
      {total === null ? (
        problem === null && <Loading what={props.title} />
      ) : total === 0 ? (
        <Empty title={query.has("search") ? "Nothing of that name" : props.empty} />
      ) : (
        <Table
          label={props.title}
          columns={[name, ...props.columns]}
          {...{ rows, sort }}
          onSort={setSort}
          keyOf={(entity) => entity.key}
        />
      )}
    </>
  );
}
