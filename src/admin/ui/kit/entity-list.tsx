import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { DeskKind } from "../../store/desk-store.js";
import { type Entity, kindPaths, nameOf } from "../answers.js";
import { listPath } from "../api.js";
import { usePages, useSettled } from "../fetched.js";
import { place, setQuery } from "../route.js";
import { advertiserShown, agencyShown } from "../session.js";
import { ButtonLink } from "./button.js";
import { ProblemNote } from "./error-summary.js";
import { Checkbox, TextField } from "./field.js";
import { countText, Empty, Loading } from "./say.js";
import { type Column, Table } from "./table.js";

const refreshMs = 15_000;
const typingMs = 150;

/** A list of all things of a kind: search and archive in the address, a row each to its editor. */
export function EntityList(props: {
  readonly kind: DeskKind;
  readonly title: string;
  /** "campaign": what the button adds. */
  readonly what: string;
  readonly columns: readonly Column<Entity>[];
  readonly mayAdd: boolean;
  readonly byAdvertiser?: boolean;
  /** Beside the button. */
  readonly aside?: ComponentChildren;
}) {
  const { kind, title, what, mayAdd } = props;
  const { query } = place.value;
  const search = useSettled(query.get("search") ?? "", typingMs);
  const sort = query.get("sort") ?? "";
  const path = listPath(kindPaths[kind], {
    ...{ search, sort, archived: query.get("archived"), agency: agencyShown.value },
    advertiser: props.byAdvertiser === true ? advertiserShown.value : "",
  });
  const { rows, total, problem, reload } = usePages<Entity>(path, refreshMs);
  useEffect(reload, []);
  const columns = [nameColumn(kind), ...props.columns];
  return (
    <>
      <div class="spread">
        <h1>
          {title} <span class="muted">{countText(total)}</span>
        </h1>
        <div class="row">
          {props.aside}
          {mayAdd ? (
            <ButtonLink look="main" href={`/${kindPaths[kind]}/new`}>
              New {what}
            </ButtonLink>
          ) : null}
        </div>
      </div>
      <search class="filters">
        <TextField
          label="Search"
          type="search"
          value={query.get("search") ?? ""}
          onInput={(text) => setQuery({ search: text })}
          placeholder="Name or number"
        />
        <Checkbox
          label="Archived ones"
          checked={query.get("archived") === "true"}
          onChange={(archived) => setQuery({ archived: archived ? "true" : null })}
        />
      </search>
      {problem === null ? null : <ProblemNote problem={problem} onRetry={reload} />}
      {total === null && problem === null ? <Loading what={title} /> : null}
      {total === 0 ? (
        <Empty title={search === "" ? `No ${what} yet` : "Nothing of that name"} />
      ) : null}
      {total === null || total === 0 ? null : (
        <Table
          {...{ label: title, columns, rows, sort }}
          keyOf={({ key }) => key}
          onSort={(wanted) => setQuery({ sort: wanted })}
        />
      )}
    </>
  );
}

const nameColumn = (kind: DeskKind): Column<Entity> => ({
  ...{ id: "name", label: "Name", sort: "name" },
  cell: (entity) => (
    <>
      <a href={`/${kindPaths[kind]}/${encodeURIComponent(entity.key)}/edit`}>{nameOf(entity)}</a>
      {entity.draft ? <span class="badge wait">Draft</span> : null}
      {entity.archived ? <span class="badge">Archived</span> : null}
      <br />
      <span class="muted">#{entity.key}</span>
    </>
  ),
});
