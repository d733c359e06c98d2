/** Something wrong in a file of the config folder: what, where, and what to write instead. */
export type Issue = {
  readonly severity: "error" | "warning";
  readonly file: string;
  /** 1-based; 0 where the finding has no line. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
} & FormField;

/** The field of a form that is kept by kind and key, whether or not it stands in a file too. */
export type FormField = {
  readonly kind?: string;
  readonly key?: string;
  /** `price.maxCpm`; "" = the whole form. */
  readonly field?: string;
};

/** Where a value stands: in its file (`file` "" = in none), in its form, or in both. */
export type Position = {
  readonly file: string;
  readonly line: number;
  readonly column: number;
} & FormField;

export const issueText = (issue: Issue): string =>
  `${placeOf(issue)}: ${issue.severity}: ${issue.message}`;

const placeOf = ({ file, line, column, kind, key, field }: Issue): string =>
  file === "" && kind !== undefined
    ? `${kind} ${key}${field === "" ? "" : ` ${field}`}`
    : `${file}:${line}:${column}`;

export const hasErrors = (issues: readonly Issue[]): boolean =>
  issues.some((issue) => issue.severity === "error");

/** By file, line and column: the order in which a person fixes them. */
export const sortIssues = (issues: readonly Issue[]): Issue[] =>
  [...issues].sort(
    (a, b) =>
      (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) ||
      a.line - b.line ||
      a.column - b.column ||
      (a.message < b.message ? -1 : a.message > b.message ? 1 : 0),
  );

const editsMax = 3;

/** The known name nearest to a mistyped one, "" when none is near. */
export function nearestName(wanted: string, known: Iterable<string>): string {
  let best = "";
  let bestEdits = Math.min(editsMax, Math.floor(wanted.length / 2) + 1) + 1;
  for (const name of known) {
    if (Math.abs(name.length - wanted.length) >= bestEdits) continue;
    const edits = editDistance(wanted.toLowerCase(), name.toLowerCase());
    if (edits < bestEdits) {
      bestEdits = edits;
      best = name;
    }
  }
  return best;
}

/** `did you mean "x"?`, or up to eight of the known names. */
export function suggestion(wanted: string, known: Iterable<string>): string {
  const names = [...known];
  const near = nearestName(wanted, names);
  if (near !== "") return `did you mean "${near}"?`;
  if (names.length === 0) return "there is none yet";
  const shown = names.slice(0, 8).join(", ");
  return names.length > 8 ? `known: ${shown}, ...` : `known: ${shown}`;
}

/** Levenshtein distance over two rows. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, substituted));
    }
    row = next;
  }
  return row[b.length]!;
}
