import type { SourceFile } from "./document.js";
import { hasErrors, sortIssues } from "./issue.js";
import { lint } from "./lint.js";
import type { LintOptions } from "./lint-context.js";
import type { LoadOutcome } from "./load.js";
import { loadConfig } from "./load.js";

/**
 * Everything that `crowdbid check` and a reload look at: the files' form, their references, and
 * lint. `config` is null when an issue is an error: then nothing of the folder is used and the last
 * good World stays.
 */
export function checkConfig(files: readonly SourceFile[], options: LintOptions): LoadOutcome {
  const loaded = loadConfig(files);
  if (loaded.config === null) return loaded;
  const issues = sortIssues([...loaded.issues, ...lint(loaded.config, options)]);
  return { config: hasErrors(issues) ? null : loaded.config, issues };
}
