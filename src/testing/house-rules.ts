import ts from "typescript";

/**
 * The house rules that no linter states: what the bid path must not contain, and the sizes of
 * files and functions. Each rule reads one file's text and gives its violations, with the line and
 * what to do about it.
 */
export const limits = { fileLines: 400, functionLines: 70, columns: 100 } as const;

/** Names that say nothing of what is inside, and what to do about each. */
export const bannedWords: Readonly<Record<string, string>> = {
  util: "name the file after the domain word that it holds",
  utils: "name the file after the domain word that it holds",
  helper: "name the file after what it does",
  helpers: "name the file after what it does",
  misc: "split it by subject",
  manager: "name the data that it guards",
  service: "name the data that it guards",
};

/** The folders of src/ whose every file runs on the bid path; of campaign only its table. */
const hotPath = /^src\/((base|index|bid|wire)\/|campaign\/(table|columns|limits))/;
const throwingFile = "src/base/assert.ts";
/** Files of the bid path's folders that compile strings before a World is published. */
const mayStringify = /^src\/wire\/[a-z0-9-]*(template|compile)[a-z0-9-]*\.ts$/;

/** Globals that bring time, chance, I/O or waiting in: on the bid path these are arguments. */
const bannedGlobals: Readonly<Record<string, string>> = {
  Promise: "run to completion: the bid path never waits",
  console: "count it, or return it as a value",
  crypto: "take randomness as an argument",
  fetch: "the bid path does no I/O",
  performance: "take the time as an argument",
  process: "take it as an argument",
  queueMicrotask: "run to completion: the bid path never waits",
  require: "import it by name",
  setImmediate: "run to completion: the bid path never waits",
  setInterval: "run to completion: the bid path never waits",
  setTimeout: "run to completion: the bid path never waits",
};

const bannedMembers: Readonly<Record<string, string>> = {
  "Date.now": "take the time as an argument",
  "Math.random": "take randomness as an argument",
  "JSON.parse": "read bytes with wire/'s own reader",
};

export const isTest = (path: string): boolean => path.endsWith(".test.ts");
export const isHot = (path: string): boolean => hotPath.test(path) && !isTest(path);

type Report = (node: ts.Node, what: string) => void;

const parse = (path: string, text: string): ts.SourceFile =>
  ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);

/** Walks the whole tree and gathers what `visit` reports as `path:line: what`. */
function gather(
  path: string,
  text: string,
  visit: (node: ts.Node, report: Report) => void,
): string[] {
  const source = parse(path, text);
  const found: string[] = [];
  const report: Report = (node, what) => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
    found.push(`${path}:${line + 1}: ${what}`);
  };
  const walk = (node: ts.Node): void => {
    visit(node, report);
    ts.forEachChild(node, walk);
  };
  walk(source);
  return found;
}

/** Whether the identifier reads a global, and is not a member, a key or a name that we declare. */
function readsGlobal(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  if (ts.isVariableDeclaration(parent)) return parent.initializer === node;
  return !(
    ts.isPropertySignature(parent) ||
    ts.isMethodSignature(parent) ||
    ts.isMethodDeclaration(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isParameter(parent) ||
    ts.isQualifiedName(parent)
  );
}

function visitMember(path: string, node: ts.PropertyAccessExpression, report: Report): void {
  const member = node.getText().replaceAll(/\s/g, "");
  const advice = bannedMembers[member];
  if (advice !== undefined) report(node, `${member} on the bid path: ${advice}`);
  if (member === "JSON.stringify" && !mayStringify.test(path)) {
    report(node, "JSON.stringify on the bid path: write bytes, or do it in a wire/*template* file");
  }
}

function visitHot(path: string, node: ts.Node, report: Report): void {
  if (node.kind === ts.SyntaxKind.AsyncKeyword || ts.isAwaitExpression(node)) {
    report(node, "async or await on the bid path: run to completion");
  } else if (ts.isForOfStatement(node) && node.awaitModifier !== undefined) {
    report(node, "for await on the bid path: run to completion");
  } else if (ts.isThrowStatement(node) && path !== throwingFile) {
    report(node, "throw on the bid path: return a value, or assert what cannot happen");
  } else if (ts.isPropertyAccessExpression(node)) {
    visitMember(path, node, report);
  } else if (ts.isNewExpression(node) && node.expression.getText() === "Date") {
    if ((node.arguments?.length ?? 0) === 0) {
      report(node, "new Date() on the bid path: take the time as an argument");
    }
  } else if (ts.isIdentifier(node) && Object.hasOwn(bannedGlobals, node.text)) {
    if (readsGlobal(node)) {
      report(node, `${node.text} on the bid path: ${bannedGlobals[node.text] ?? ""}`);
    }
  }
}

/** What must be absent from the bid path: waiting, clocks, chance, I/O, exceptions, JSON. */
export function hotViolations(path: string, text: string): string[] {
  return isHot(path) ? gather(path, text, (node, report) => visitHot(path, node, report)) : [];
}

/** A test's `describe` block holds many tests: its length says nothing of a function's. */
function isDescribeBlock(node: ts.Node): boolean {
  const call = node.parent;
  return ts.isCallExpression(call) && call.expression.getText().startsWith("describe");
}

function isFunction(node: ts.Node): node is ts.FunctionLikeDeclaration {
  return (
    ts.isFunctionDeclaration(node) ||
    ts.isFunctionExpression(node) ||
    ts.isArrowFunction(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isConstructorDeclaration(node) ||
    ts.isAccessor(node)
  );
}

/** Functions that do not fit on a screen. */
export function functionViolations(path: string, text: string): string[] {
  // Most files are too short for one, and parsing takes most of the time.
  if (text.split("\n").length <= limits.functionLines) return [];
  return gather(path, text, (node, report) => {
    if (!isFunction(node) || node.body === undefined || isDescribeBlock(node)) return;
    const source = node.getSourceFile();
    const lineOf = (at: number): number => source.getLineAndCharacterOfPosition(at).line;
    const lines = lineOf(node.end) - lineOf(node.getStart(source)) + 1;
    if (lines <= limits.functionLines) return;
    const name = node.name?.getText() ?? "a function";
    report(node, `${name} has ${lines} lines, at most ${limits.functionLines}: split it by step`);
  });
}

/** Files and lines that are too long. */
export function sizeViolations(path: string, text: string): string[] {
  const lines = text.endsWith("\n") ? text.slice(0, -1).split("\n") : text.split("\n");
  const found: string[] = [];
  if (lines.length > limits.fileLines) {
    found.push(
      `${path}: ${lines.length} lines, at most ${limits.fileLines}: split it by domain word`,
    );
  }
  for (const [i, line] of lines.entries()) {
    if (line.length <= limits.columns) continue;
    // A user agent or a consent string of a test is one text that is searched for as a whole.
    if (path.endsWith(".test.ts") && /["'`][^"'`]{60,}["'`]/.test(line)) continue;
    found.push(
      `${path}:${i + 1}: ${line.length} columns, at most ${limits.columns}: break the line`,
    );
  }
  return found;
}

/** Grab-bag names, in the file's name or in that of a folder. */
export function nameViolations(path: string): string[] {
  const words = path.replace(/\.[a-z.]+$/, "").split(/[/-]/);
  return words
    .filter((word) => Object.hasOwn(bannedWords, word))
    .map((word) => `${path}: "${word}" is no name: ${bannedWords[word] ?? ""}`);
}
