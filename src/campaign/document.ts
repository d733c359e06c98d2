import type { Document, Node, Pair } from "yaml";
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import type { Issue, Position } from "./issue.js";
import { keySeparator } from "./schema-words.js";

/** A YAML file as text: `path` is how messages call it, `name` its place in the config folder. */
export type SourceFile = { readonly path: string; readonly name: string; readonly text: string };

export type PathStep = string | number;
export type DocumentPath = readonly PathStep[];

/** A parsed file that knows where each of its values stands. */
export type SourceDocument = {
  readonly source: SourceFile;
  /** The plain value, null for an empty file. Only valid where `issues` is empty. */
  readonly value: unknown;
  readonly issues: readonly Issue[];
  /** The place of the value at a path, or of the nearest one above that exists. */
  readonly positionOf: (path: DocumentPath) => Position;
  /** The place of a key rather than of its value. */
  readonly keyPositionOf: (path: DocumentPath) => Position;
};

const aliasesMax = 100;

/** Parses one file. Never throws: what is wrong with it is in `issues`. */
export function parseSource(source: SourceFile): SourceDocument {
  const lines = new LineCounter();
  const place = (offset: number): Position => {
    const { line, col } = lines.linePos(Math.max(0, Math.min(offset, source.text.length)));
    return { file: source.path, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const failed = (issues: readonly Issue[]): SourceDocument => ({
    source,
    value: null,
    issues,
    positionOf: () => place(0),
    keyPositionOf: () => place(0),
  });
  try {
    const document = parseDocument(source.text, {
      lineCounter: lines,
      prettyErrors: false,
      stringKeys: true,
      version: "1.2",
    });
    const issues = [...document.errors, ...document.warnings].map((error): Issue => {
      const message = yamlMessage(error.code, error.message);
      return { severity: "error", ...place(error.pos[0]), message };
    });
    if (issues.length > 0) return failed(issues);
    return {
      source,
      value: document.toJS({ maxAliasCount: aliasesMax }),
      issues,
      positionOf: (path) => place(offsetOf(document, path, false)),
      keyPositionOf: (path) => place(offsetOf(document, path, true)),
    };
  } catch (error) {
    // The parser recurses: nesting by the thousand ends here, and so do too many aliases.
    const why = error instanceof Error ? error.message : String(error);
    return failed([
      {
        severity: "error",
        ...place(0),
        message: `cannot be read as YAML (${why}): write it flatter`,
      },
    ]);
  }
}

/** The parser's finding with what to do about it. */
function yamlMessage(code: string, message: string): string {
  const first = message.split("\n")[0] ?? message;
  switch (code) {
    case "DUPLICATE_KEY":
      return "this key stands twice in its group: keep one of them";
    case "MULTIPLE_DOCS":
      return "the file holds several documents: take the --- lines between them away";
    case "TAB_AS_INDENT":
      return "the line is indented with a tab: write spaces";
    case "UNEXPECTED_TOKEN":
    case "BAD_INDENT":
    case "MISSING_CHAR":
      return `${first}: check the indentation, the colons and the quotes of this line`;
    default:
      return `${first}: correct the YAML here`;
  }
}

/** The offset of a path's value (or key); missing steps give what is there above them. */
function offsetOf(document: Document.Parsed, path: DocumentPath, wantKey: boolean): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (let i = 0; i < path.length; i++) {
    const step = path[i]!;
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((item) => keyOf(item) === String(step));
      if (pair === undefined) return offset;
      const last = i === path.length - 1;
      const key = startOf(pair.key) ?? offset;
      offset = last && wantKey ? key : (startOf(pair.value) ?? key);
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      if (node === undefined) return offset;
      offset = startOf(node) ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}

const keyOf = (pair: Pair): string =>
  isScalar(pair.key) ? String(pair.key.value) : String(pair.key);

const startOf = (node: unknown): number | undefined => {
  const range = (node as Node | null | undefined)?.range;
  return range == null ? undefined : range[0];
};

/** A zod issue as far as we read it. */
type FormIssue = {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
  readonly errors?: readonly (readonly FormIssue[])[];
};

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly issues: readonly Issue[] };

/** Checks a document against its form; each finding at its place. */
export function checkForm<T>(document: SourceDocument, form: z.ZodType<T>): Checked<T> {
  const result = form.safeParse(document.value ?? {});
  if (result.success) return { ok: true, value: result.data };
  const issues = result.error.issues.flatMap((issue) =>
    issuesOf(document, issue as unknown as FormIssue, []),
  );
  return { ok: false, issues };
}

function issuesOf(document: SourceDocument, issue: FormIssue, above: DocumentPath): Issue[] {
  const path = [...above, ...issue.path.map(step)];
  const branch = issue.code === "invalid_union" ? fittingBranch(document, issue, path) : null;
  if (branch !== null) return branch.flatMap((inner) => issuesOf(document, inner, path));
  if (issue.code === "unrecognized_keys" && issue.keys !== undefined) {
    const messages = issue.message.split(keySeparator);
    return issue.keys.map((key, i) => ({
      severity: "error",
      ...document.keyPositionOf([...path, key]),
      message: messages[i] ?? issue.message,
    }));
  }
  const where = document.positionOf(path);
  const name = pathText(path);
  return [
    {
      severity: "error",
      ...where,
      message: name === "" ? issue.message : `${name} ${issue.message}`,
    },
  ];
}

/**
 * Of a union's forms the one that was meant: all of its findings lie inside values that are there.
 * Null when none or several fit: then the union's own message says it better.
 */
function fittingBranch(
  document: SourceDocument,
  issue: FormIssue,
  path: DocumentPath,
): readonly FormIssue[] | null {
  const fitting = (issue.errors ?? []).filter((branch) =>
    branch.every(
      (inner) =>
        inner.path.length > 0 &&
        valueAt(document.value, [...path, ...inner.path.map(step)].slice(0, path.length + 1)) !==
          undefined,
    ),
  );
  return fitting.length === 1 ? fitting[0]! : null;
}

const step = (key: PropertyKey): PathStep => (typeof key === "number" ? key : String(key));

function valueAt(value: unknown, path: DocumentPath): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<PathStep, unknown>)[key];
  }
  return at;
}

/** `lineItems[2].price.cpm`, as messages name a value. */
export const pathText = (path: DocumentPath): string =>
  path.map((key, i) => (typeof key === "number" ? `[${key}]` : i === 0 ? key : `.${key}`)).join("");
