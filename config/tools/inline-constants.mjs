/**
 * Writes the value of each of our constants where compiled code names it: `case 122 /*=Key.ua*\/:`
 * for `case Key.ua:`. V8 takes no import for a constant: at every case of a switch it loads a field
 * of the imported object, checks that it is a number and compares. A whole bid in process cost 5 to
 * 9 % less so, its decoding 5 to 8 % (medians of 400 pairs in either order, Node 20.20.2, 2026-11).
 *
 * A constant is an exported number, or a member of an exported object of numbers that says
 * `as const`. What stood there stays as a comment and is put back first: so it does not matter
 * which files the compiler has written anew.
 *
 *     node config/tools/inline-constants.mjs dist src
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

// Not by `import`, which looks for the exports of its ten megabytes first.
const ts = createRequire(import.meta.url)("typescript");

/** Where requests and notices pass; elsewhere it is only time that a build takes. */
const onBidPath = /^(?:src\/)?(?:base|bid|edge|index|ledger|runtime|wire)\//;

/** In the folder, written last. */
const inlinedStamp = ".inlined";

const inlinedValue = /(?:\(-\d[\w.+-]*\)|\b\d[\w.]*(?:e[+-]\d+)?) \/\*=([\w$.]+)\*\//g;

/** The exported constants of a TypeScript source: a number, or the numbers of an object. */
export function constantsOf(source) {
  const constants = new Map();
  for (const statement of parse(source, ts.ScriptKind.TS).statements) {
    if (!ts.isVariableStatement(statement) || !isExported(statement)) continue;
    if ((statement.declarationList.flags & ts.NodeFlags.Const) === 0) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      const value =
        initializer === undefined ? null : (numberOf(initializer) ?? fieldsOf(initializer));
      if (ts.isIdentifier(name) && value !== null) constants.set(name.text, value);
    }
  }
  return constants;
}

const parse = (text, kind) => ts.createSourceFile("", text, ts.ScriptTarget.Latest, true, kind);
const isExported = ({ modifiers = [] }) =>
  modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);

/** `5`, `-1`, `5 as Seconds`; null = anything else. */
function numberOf(value) {
  if (ts.isNumericLiteral(value)) return Number(value.text);
  if (ts.isAsExpression(value)) return numberOf(value.expression);
  if (!ts.isPrefixUnaryExpression(value) || value.operator !== ts.SyntaxKind.MinusToken)
    return null;
  return ts.isNumericLiteral(value.operand) ? -Number(value.operand.text) : null;
}

/** Of `{ a: 1 } as const` its members, which nobody changes; null = not all of them are numbers. */
function fieldsOf(value) {
  if (!ts.isAsExpression(value) || !ts.isConstTypeReference(value.type)) return null;
  if (!ts.isObjectLiteralExpression(value.expression)) return null;
  const fields = new Map();
  for (const member of value.expression.properties) {
    const field = ts.isPropertyAssignment(member) ? numberOf(member.initializer) : null;
    if (field === null || !ts.isIdentifier(member.name)) return null;
    fields.set(member.name.text, field);
  }
  return fields;
}

/**
 * Compiled code with the values of constants. `constantsFrom` gives those of a module by its name
 * in an import, and those of the code's own module by ".".
 */
export function inlineConstants(compiled, constantsFrom) {
  const text = compiled.replace(inlinedValue, "$1");
  const code = parse(text, ts.ScriptKind.JS);
  const known = new Map(constantsFrom("."));
  for (const statement of code.statements) {
    if (!ts.isImportDeclaration(statement)) continue;
    const constants = constantsFrom(statement.moduleSpecifier.text);
    for (const { name, propertyName } of namesOf(statement)) {
      const value = constants.get((propertyName ?? name).text);
      if (value !== undefined) known.set(name.text, value);
    }
  }
  if (known.size === 0) return text;
  for (const name of namesBoundInside(code)) known.delete(name);
  let inlined = text;
  for (const { start, end, value } of placesOf(code, known).reverse()) {
    const written = value < 0 ? `(${value})` : String(value);
    const was = text.slice(start, end);
    inlined = `${inlined.slice(0, start)}${written} /*=${was}*/${inlined.slice(end)}`;
  }
  return inlined;
}

function namesOf({ importClause }) {
  const bindings = importClause?.namedBindings;
  return bindings !== undefined && ts.isNamedImports(bindings) ? bindings.elements : [];
}

/** Calls `see` with every node below, in the order of the text. */
function walk(node, see) {
  ts.forEachChild(node, (child) => {
    see(child);
    walk(child, see);
  });
}

/** A parameter or variable may have a constant's name: that name is left alone in the file. */
function namesBoundInside(code) {
  const names = new Set();
  walk(code, (node) => {
    const isOuter = node.parent?.parent?.parent === code;
    const binds =
      ts.isParameter(node) ||
      ts.isBindingElement(node) ||
      ts.isFunctionLike(node) ||
      ts.isClassLike(node) ||
      (ts.isVariableDeclaration(node) && !isOuter);
    if (binds && node.name !== undefined && ts.isIdentifier(node.name)) names.add(node.name.text);
  });
  return names;
}

/** Where a constant's value is read. */
function placesOf(code, known) {
  const places = [];
  walk(code, (node) => {
    const value = valueAt(node, known);
    if (value !== undefined) places.push({ start: node.getStart(code), end: node.end, value });
  });
  return places;
}

function valueAt(node, known) {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const fields = known.get(node.expression.text);
    return fields instanceof Map ? fields.get(node.name.text) : undefined;
  }
  if (!ts.isIdentifier(node) || !isRead(node)) return undefined;
  const value = known.get(node.text);
  return typeof value === "number" ? value : undefined;
}

/** False for names of members, and where a name is bound, imported or exported. */
function isRead(node) {
  const { parent } = node;
  if (ts.isShorthandPropertyAssignment(parent) || ts.isLabeledStatement(parent)) return false;
  if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent)) return false;
  if (ts.isBreakOrContinueStatement(parent)) return false;
  return parent.name !== node && parent.propertyName !== node;
}

/** Below `folder`, made from the sources below `from`: what changed of it is written. */
export function inlineFolder(folder, from) {
  const constants = new Map();
  const constantsOfFile = (path) => {
    const source = join(from, relative(folder, path)).replace(/\.js$/, ".ts");
    if (!constants.has(path)) {
      const text = existsSync(source) ? readFileSync(source, "utf8") : "";
      constants.set(path, constantsOf(text));
    }
    return constants.get(path);
  };
  for (const name of readdirSync(folder, { recursive: true })) {
    const path = join(folder, name);
    if (!name.endsWith(".js") || !onBidPath.test(name)) continue;
    const before = readFileSync(path, "utf8");
    const after = inlineConstants(before, (module) =>
      constantsOfFile(module === "." ? path : resolve(dirname(path), module)),
    );
    if (after !== before) writeFileSync(path, after);
  }
  writeFileSync(join(folder, inlinedStamp), "");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, from] = process.argv.slice(2).map((path) => resolve(path));
  inlineFolder(folder, from);
}
