import type { JournalFile, JournalFolder } from "../journal/file.js";

/** Where the process dies: before a call or behind it. */
export type Moment = "before" | "after";

/**
 * A folder that counts its calls and says of each when it comes and when it is done. Every block is
 * written in two halves, so that a death behind the first leaves a torn one.
 */
export function countedFolder(
  folder: JournalFolder,
  at: (call: number, moment: Moment) => void,
): JournalFolder {
  let calls = 0;
  const counted = <T>(run: () => T): T => {
    const call = ++calls;
    at(call, "before");
    const result = run();
    at(call, "after");
    return result;
  };
  const file = (of: JournalFile): JournalFile => ({
    read: of.read,
    append: (bytes, from) =>
      counted(() => of.append(from === 0 ? bytes.subarray(0, bytes.length >> 1) : bytes, from)),
    sync: () => counted(of.sync),
    truncate: (bytes) => counted(() => of.truncate(bytes)),
    close: of.close,
  });
  return {
    names: folder.names,
    open: (name) => file(counted(() => folder.open(name))),
    sync: () => counted(folder.sync),
  };
}
