import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type IdentifierKind, identifierKinds } from "../bank/config/model.js";
import { bankFolders } from "../bank/folders.js";
import { listLists, removeList } from "../bank/lists.js";
import { tryLock } from "../bank/lock.js";
import type { AgencyId } from "../base/ids.js";
import { told, wholeNumber } from "./bank-command.js";
import { type CommandIo, ExitCode } from "./command-io.js";
import { UsageError } from "./flags.js";
import { takeList } from "./list-take.js";
import { tableText } from "./table-text.js";

export type ListOptions = {
  readonly data: string;
  readonly config: string;
  readonly agency: string;
  readonly kind: string;
  readonly scope?: string | undefined;
  readonly column?: string | undefined;
  readonly days?: string | undefined;
};

/** `bank list add`: an agency's own list comes in, hashed, and never out again. */
export async function runListAdd(
  name: string,
  file: string,
  options: ListOptions,
  io: CommandIo,
): Promise<ExitCode> {
  if (!(identifierKinds as readonly string[]).includes(options.kind)) {
    throw new UsageError(`--kind ${options.kind}: give one of ${identifierKinds.join(", ")}`);
  }
  const { column, scope, days } = options;
  const upload = {
    ...{ agency: agencyOf(options.agency), name, file: resolve(file) },
    kind: options.kind as IdentifierKind,
    ...(scope === undefined ? {} : { scope: wholeNumber("--scope", scope, 0, 0xffff_ffff) }),
    ...(column === undefined ? {} : { column }),
    ...(days === undefined ? {} : { expiresDays: wholeNumber("--days", days, 1, 400) }),
  };
  return told(io, async () => {
    const place = { dataFolder: resolve(options.data), configFolder: options.config };
    const taken = await takeList({ ...place, nowMs: io.nowMs }, upload);
    const rows = `${taken.rows} rows, ${taken.unusable} of them no ${options.kind}`;
    io.stdout(`list.${upload.agency}.${name}: ${rows}; a segment from the next build on\n`);
  });
}

export function runListRemove(
  name: string,
  options: Pick<ListOptions, "data" | "agency">,
  io: CommandIo,
): ExitCode {
  const agency = agencyOf(options.agency);
  const folders = bankFolders(resolve(options.data));
  if (!existsSync(folders.lists)) {
    io.stderr(`${options.data} has no lists\n`);
    return ExitCode.FAILED;
  }
  const attempt = tryLock(folders.lock);
  if (!attempt.ok) {
    io.stderr(`process ${attempt.holder.pid} writes the bank now: remove the list when it ends\n`);
    return ExitCode.FAILED;
  }
  const removed = removeList(folders, agency, name);
  attempt.lock.release();
  if (removed) io.stdout(`removed: no segment from the next build on\n`);
  else io.stderr(`agency ${options.agency} has no list ${name}\n`);
  return removed ? ExitCode.OK : ExitCode.FAILED;
}

/** Names and ends, no sizes: an agency could find people by their difference. */
export function runListShow(options: Pick<ListOptions, "data">, io: CommandIo): ExitCode {
  const lists = listLists(bankFolders(resolve(options.data)));
  const rows = lists.map(({ agency, name, expiresSec }) => [
    ...[String(agency), name, new Date(expiresSec * 1000).toISOString().slice(0, 10)],
  ]);
  io.stdout(tableText([["agency", "list", "until"], ...rows]));
  return ExitCode.OK;
}

const agencyOf = (text: string): AgencyId =>
  wholeNumber("--agency", text, 1, 0xffff_ffff) as AgencyId;
