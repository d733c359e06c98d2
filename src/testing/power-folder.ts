import type { SeededRandom } from "../base/random.js";
import type { JournalFile, JournalFolder } from "../journal/file.js";
import { FaultyFolder } from "./faulty-folder.js";

/**
 * A journal folder in memory that loses, beside what `FaultyFolder` loses, the names of files that
 * were made since the folder itself was last synced: any of them, as a power cut does.
 */
export class PowerFolder implements JournalFolder {
  readonly disk = new FaultyFolder();
  /** The next sync of the folder throws. */
  failNextFolderSync = false;
  private readonly unsynced = new Set<string>();

  readonly names = (): readonly string[] => this.disk.names();

  readonly open = (name: string): JournalFile => {
    if (!this.disk.files.has(name)) this.unsynced.add(name);
    return this.disk.open(name);
  };

  readonly sync = (): void => {
    if (this.failNextFolderSync) {
      this.failNextFolderSync = false;
      throw new Error("EIO: i/o error, fsync");
    }
    this.disk.sync();
    this.unsynced.clear();
  };

  /** Something fails; true = with the next commit, false = with the next file. */
  breakOne(random: SeededRandom): boolean {
    const which = random.below(4);
    if (which === 0) this.disk.failNextSync = true;
    else if (which === 1) this.disk.failNextAppend = true;
    else if (which === 2) this.failNextFolderSync = true;
    else this.disk.writeBytesMax = 1 + random.below(40);
    return which !== 2;
  }

  cutPower(random: SeededRandom): void {
    this.heal();
    for (const name of this.unsynced) {
      if (random.below(2) === 0) this.disk.files.delete(name);
    }
    this.unsynced.clear();
    this.disk.cutPower(random);
  }

  /** Nothing fails any more. */
  heal(): void {
    this.failNextFolderSync = false;
    this.disk.failNextSync = false;
    this.disk.failNextAppend = false;
    this.disk.writeBytesMax = Number.POSITIVE_INFINITY;
  }
}
