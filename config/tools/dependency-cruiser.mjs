/**
 * The layers: imports point down only. One row a folder of src/, with what its non-test files may
 * import; tests may import anything, and everything is free of cycles, type imports included.
 */
const layers = {
  base: [],
  index: ["base"],
  journal: ["base"],
  campaign: ["base", "index"],
  bid: ["base", "index", "campaign", "journal"],
  wire: ["base", "index", "campaign", "journal", "bid"],
  ledger: ["base", "journal", "campaign", "bid"],
  bank: ["base", "index", "campaign"],
  admin: ["base", "index", "campaign", "bid", "wire", "journal", "ledger"],
  edge: ["base", "index", "campaign", "bid", "wire", "journal"],
  runtime: [
    ...["base", "index", "campaign", "bid", "wire", "journal"],
    ...["ledger", "bank", "admin", "edge"],
  ],
};

/** Folders whose every file runs on the bid path; of `campaign` only the files of `hotCampaign`. */
const hotFolders = "^src/(base|index|bid|wire)/";
const hotCampaign = "^src/campaign/((table|columns)[^/]*|exchange)\\.ts$";
/** Compiles creatives off the bid path: reads what the campaign side calls a creative. */
const templateCompilers = "^src/wire/[^/]*template[^/]*\\.ts$";
const test = "\\.test\\.ts$";
/** The one part of src/testing that the program itself uses: the demo's trading partner. */
const fakeExchange = "^src/testing/fake-exchange[^/]*";

const layerRules = Object.entries(layers).map(([folder, below]) => ({
  name: `layer-${folder}`,
  comment: `src/${folder} may import ${below.length === 0 ? "nothing of src" : below.join(", ")}.`,
  severity: "error",
  from: { path: `^src/${folder}/`, pathNot: test },
  to: {
    path: "^src/",
    pathNot: [`^src/(${[folder, ...below].join("|")})/`, "^src/testing/"],
  },
}));

/** A package that only some folders may import. */
const onlyIn = (packages, folders) => ({
  name: `only-in-${folders.replaceAll("|", "-")}-${packages.split("|")[0].replaceAll(/\W/g, "")}`,
  comment: `${packages} belongs to src/(${folders}) alone.`,
  severity: "error",
  from: { path: "^src/", pathNot: [`^src/(${folders})`, test, "^src/testing/"] },
  to: { path: `node_modules/(${packages})/` },
});

export default {
  forbidden: [
    ...layerRules,
    {
      name: "no-cycle",
      comment: "Move what both need down, into a file of its own; a type import counts as well.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-unresolved",
      comment: "The import leads nowhere (a missing .js suffix, a package that is not installed?).",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "hot-no-node",
      comment: "Files on the bid path do no I/O: time, randomness and I/O are arguments.",
      severity: "error",
      from: { path: [hotFolders, hotCampaign], pathNot: [test, "^src/(wire/token|index/verify)"] },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "hot-only-crypto",
      comment: "src/wire/token* and src/index/verify* may import node:crypto and no other builtin.",
      severity: "error",
      from: { path: "^src/(wire/token|index/verify)", pathNot: test },
      to: { dependencyTypes: ["core"], pathNot: "^(node:)?crypto$" },
    },
    {
      name: "hot-no-packages",
      comment: "The bid path uses no package but lru-cache (consent strings, native requests).",
      severity: "error",
      from: { path: [hotFolders, hotCampaign], pathNot: test },
      to: { path: "node_modules/", pathNot: "node_modules/(lru-cache|iab-openrtb)/" },
    },
    {
      name: "campaign-hot-side",
      comment:
        "The bid path sees the compiled table (src/campaign/table*, columns*, exchange), never the rest.",
      severity: "error",
      from: { path: [hotFolders, hotCampaign], pathNot: [test, templateCompilers] },
      to: { path: "^src/campaign/", pathNot: hotCampaign },
    },
    {
      name: "template-sees-creatives",
      comment:
        "Template compilers see a creative's model and the macro list, nothing else of campaign.",
      severity: "error",
      from: { path: templateCompilers, pathNot: test },
      to: { path: "^src/campaign/", pathNot: [hotCampaign, "^src/campaign/(model|macros)\\.ts$"] },
    },
    {
      name: "runtime-is-the-shell",
      comment: "Only src/main.ts and src/runtime import src/runtime.",
      severity: "error",
      from: { path: "^src/", pathNot: ["^src/(main|runtime/)", test, "^src/testing/"] },
      to: { path: "^src/runtime/" },
    },
    {
      name: "nothing-imports-main",
      comment: "src/main.ts is the root: what others need of it belongs below it.",
      severity: "error",
      from: {},
      to: { path: "^src/main\\.ts$" },
    },
    {
      name: "testing-is-for-tests",
      comment: "Only tests, benches and the demo's fake exchange come out of src/testing.",
      severity: "error",
      from: { path: "^src/", pathNot: ["^src/testing/", test] },
      to: { path: "^src/testing/", pathNot: fakeExchange },
    },
    {
      name: "fake-exchange-only-in-the-shell",
      comment: "Only src/main.ts and src/runtime start the demo's fake exchange.",
      severity: "error",
      from: { path: "^src/", pathNot: ["^src/(main|runtime/|testing/)", test] },
      to: { path: fakeExchange },
    },
    {
      name: "no-import-of-tests",
      comment: "What two tests share belongs in src/testing.",
      severity: "error",
      from: {},
      to: { path: test },
    },
    {
      name: "no-bench-in-src",
      comment: "The program does not know its benches.",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^bench/" },
    },
    {
      name: "page-takes-types-alone",
      comment: "The page runs in a browser: of the program it may know the types, never the code.",
      severity: "error",
      from: { path: "^src/admin/ui/", pathNot: test },
      to: { path: "^src/", pathNot: "^src/admin/ui/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "page-is-apart",
      comment: "The program serves dist/ui as files: it never imports the page.",
      severity: "error",
      from: { path: "^src/", pathNot: ["^src/admin/ui/", test, "^src/testing/"] },
      to: { path: "^src/admin/ui/" },
    },
    {
      name: "page-no-node",
      comment: "A browser has no node: modules.",
      severity: "error",
      from: { path: "^src/admin/ui/", pathNot: test },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "no-development-package",
      comment: "The program would not start after `npm ci --omit=dev`; types alone are fine.",
      severity: "error",
      from: { path: "^src/", pathNot: [test, "^src/testing/", "^src/admin/ui/"] },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
    },
    {
      name: "no-undeclared-package",
      comment: "Import only what package.json names.",
      severity: "error",
      from: {},
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown"] },
    },
    onlyIn("@?fastify", "admin"),
    onlyIn("uWebSockets\\.js", "edge"),
    onlyIn("commander", "main|runtime"),
    onlyIn("@duckdb", "bank|ledger"),
    onlyIn("libsql|kysely|pg", "admin"),
    onlyIn("preact|@preact|uplot", "admin/ui"),
    onlyIn("yaml|zod", "campaign|bank|admin|runtime|main"),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(dist|\\.bench)/" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: [".ts", ".tsx", ".js", ".mjs", ".json"],
      exportsFields: ["exports"],
      conditionNames: ["import", "types", "node", "default"],
    },
  },
};
