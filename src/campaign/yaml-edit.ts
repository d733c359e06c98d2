import { isMap, isScalar, isSeq, type Node, type Pair, parseDocument, stringify } from "yaml";

/** A plain value as files hold it. */
type Plain = null | boolean | number | string | readonly Plain[] | PlainObject;
type PlainObject = { readonly [key: string]: Plain };

/** What a list of a file should hold: the same entries, changed ones, fewer, and new ones. */
export type ListEdit = {
  readonly list: string;
  /** By place in the list as it is: what it should be, or null = gone. Others stay. */
  readonly entries: ReadonlyMap<number, PlainObject | null>;
  readonly added: readonly PlainObject[];
};

type Splice = { readonly from: number; readonly to: number; readonly text: string };

/**
 * A campaign file's text with the edits in it and every other byte as it was: comments, order and
 * layout stay. Falls back on a rendering by the YAML library where that would not read as meant.
 */
export function editedText(text: string, edits: readonly ListEdit[]): string {
  if (edits.every(({ entries, added }) => entries.size === 0 && added.length === 0)) return text;
  const wanted = wantedValue(text, edits);
  const spliced = spliceText(text, edits);
  if (spliced !== null && isSame(readText(spliced), wanted)) return spliced;
  const document = parseDocument(text);
  for (const { list, entries, added } of edits) {
    for (const [i, value] of [...entries].sort(([a], [b]) => b - a)) {
      if (value === null) document.deleteIn([list, i]);
      else document.setIn([list, i], document.createNode(value));
    }
    for (const value of added) document.addIn([list], document.createNode(value));
    if (
      isSeq(document.get(list)) &&
      (document.get(list) as { items: unknown[] }).items.length === 0
    ) {
      document.delete(list);
    }
  }
  return document.toString({ lineWidth: 120 });
}

const readText = (text: string): unknown => {
  const document = parseDocument(text);
  return document.errors.length > 0 ? undefined : ((document.toJS() as unknown) ?? {});
};

function wantedValue(text: string, edits: readonly ListEdit[]): unknown {
  const value = { ...(readText(text) as Record<string, readonly unknown[]>) };
  for (const { list, entries, added } of edits) {
    const kept = (value[list] ?? []).flatMap((entry, i) => {
      const now = entries.get(i);
      return now === null ? [] : [now ?? entry];
    });
    value[list] = [...kept, ...added];
    if (value[list].length === 0) delete value[list];
  }
  return value;
}

const isSame = (a: unknown, b: unknown): boolean => sorted(a) === sorted(b);
const sorted = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) =>
    typeof one === "object" && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  ) ?? "";

/** null: the text has a form that is not edited in place. */
function spliceText(text: string, edits: readonly ListEdit[]): string | null {
  const document = parseDocument(text);
  const splices: Splice[] = [];
  let tail = "";
  for (const { list, entries, added } of edits) {
    const seq = document.get(list, true);
    if (seq === undefined) {
      tail += `\n${list}:\n${added.map((value) => entryText(value, "  ")).join("")}`;
      continue;
    }
    if (!isSeq(seq) || seq.flow === true) return null;
    const gone = [...entries.values()].filter((value) => value === null).length;
    if (gone === seq.items.length && added.length === 0) return null;
    for (const [i, value] of entries) {
      const node = seq.items[i] as Node;
      if (value === null) splices.push(wholeLines(text, node));
      else if (!spliceValue(text, node, value, splices)) return null;
    }
    if (added.length > 0) {
      const last = seq.items.at(-1) as Node;
      const at = wholeLines(text, last).to;
      const indent = " ".repeat(columnOf(text, dashOf(text, last)));
      const before = text[at - 1] === "\n" ? "" : "\n";
      splices.push({
        from: at,
        to: at,
        text: before + added.map((v) => entryText(v, indent)).join(""),
      });
    }
  }
  const body = splices
    .sort((a, b) => b.from - a.from || b.to - a.to)
    .reduce((now, { from, to, text: put }) => now.slice(0, from) + put + now.slice(to), text);
  return tail === "" ? body : `${body.trimEnd()}\n${tail}`;
}

const columnOf = (text: string, offset: number): number =>
  offset - (text.lastIndexOf("\n", offset - 1) + 1);

const dashOf = (text: string, node: Node): number => text.lastIndexOf("-", node.range![0]);

/** From the line of an entry's dash to the end of its last line. */
function wholeLines(text: string, node: Node): Splice {
  const from = text.lastIndexOf("\n", dashOf(text, node)) + 1;
  return { from, to: endOfLine(text, node.range![1]), text: "" };
}

/** Behind the line break of the line in which a value ends. */
function endOfLine(text: string, end: number): number {
  if (text[end - 1] === "\n") return end;
  const at = text.indexOf("\n", end);
  return at < 0 ? text.length : at + 1;
}

function entryText(value: PlainObject, indent: string): string {
  const lines = stringify(value, { lineWidth: 0 }).trimEnd().split("\n");
  return lines
    .map((line, i) => `${indent}${i === 0 ? "- " : line === "" ? "" : "  "}${line}\n`)
    .join("");
}

/** False: the place has a form that is not edited. */
function spliceValue(text: string, node: Node, value: Plain, splices: Splice[]): boolean {
  const [from, to] = node.range!;
  if (isSame((node as { toJSON: () => unknown }).toJSON(), value)) return true;
  if (isMap(node) && isObject(value) && node.items.length > 0) {
    return spliceMap(text, node as never, value, splices);
  }
  if (isSeq(node) && Array.isArray(value) && node.items.length === value.length) {
    return node.items.every((item, i) =>
      spliceValue(text, item as Node, (value as readonly Plain[])[i]!, splices),
    );
  }
  if (isScalar(node) && (node.type === "BLOCK_LITERAL" || node.type === "BLOCK_FOLDED"))
    return false;
  splices.push({ from, to: isScalar(node) ? to : trimmedEnd(text, from, to), text: inline(value) });
  return true;
}

const isObject = (value: Plain): value is PlainObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A block's range may reach over the line break and comments behind it. */
const trimmedEnd = (text: string, from: number, to: number): number =>
  from + text.slice(from, to).trimEnd().length;

const inline = (value: Plain): string =>
  typeof value === "string"
    ? scalarText(value)
    : stringify(value, {
        collectionStyle: "flow",
        lineWidth: 0,
        flowCollectionPadding: true,
      }).trimEnd();

/** As YAML in one line, quoted where a flow collection needs it. */
const scalarText = (value: string): string => {
  const plain = stringify(value, { lineWidth: 0 }).trimEnd();
  return plain.includes("\n") || /[,[\]{}]/.test(plain) ? JSON.stringify(value) : plain;
};

type BlockOrFlowMap = { readonly flow?: boolean } & Pick<Node, "range"> & {
    readonly items: readonly Pair<Node, Node | null>[];
  };

function spliceMap(
  text: string,
  node: BlockOrFlowMap,
  value: PlainObject,
  splices: Splice[],
): boolean {
  const keyOf = (pair: Pair<Node, Node | null>): string => String(pair.key.toJSON());
  const known = new Set(node.items.map(keyOf));
  const removed = node.items.filter((pair) => !Object.hasOwn(value, keyOf(pair)));
  const added = Object.entries(value).filter(([key, one]) => !known.has(key) && one !== undefined);
  if (node.flow === true && removed.length > 0) {
    splices.push({ from: node.range![0], to: node.range![1], text: inline(value) });
    return true;
  }
  for (const pair of node.items) {
    const key = keyOf(pair);
    if (!Object.hasOwn(value, key)) {
      // The first key stands behind the dash of its entry.
      if (pair === node.items[0]) return false;
      const from = text.lastIndexOf("\n", pair.key.range![0]) + 1;
      splices.push({ from, to: endOfLine(text, (pair.value ?? pair.key).range![1]), text: "" });
    } else if (pair.value === null) return false;
    else if (!spliceValue(text, pair.value, value[key]!, splices)) return false;
  }
  if (added.length === 0) return true;
  const last = node.items.at(-1) as Pair<Node, Node | null>;
  const end = (last.value ?? last.key).range![1];
  if (node.flow === true) {
    const more = added.map(([key, one]) => `, ${scalarText(key)}: ${inline(one)}`).join("");
    splices.push({ from: end, to: end, text: more });
    return true;
  }
  const at = endOfLine(text, end);
  const indent = " ".repeat(columnOf(text, node.items[0]!.key.range![0]));
  const lines = added.map(([key, one]) => `${indent}${scalarText(key)}: ${inline(one)}\n`).join("");
  splices.push({ from: at, to: at, text: (text[at - 1] === "\n" ? "" : "\n") + lines });
  return true;
}
