import type { AuditLine, DeskStore } from "../store/desk-store.js";

type Note = Pick<AuditLine, "atMs" | "actor" | "agency" | "action" | "what">;

const waitingMax = 1000;
const againMs = 5_000;

/**
 * Lines for the audit log of what does not wait for the store: a stop works while the store is
 * locked, and is written down once it is not. What waits at the end of the program is lost; the
 * stop itself says who made it and when.
 */
export class AuditNotes {
  private readonly store: DeskStore;
  private readonly waiting: Note[] = [];
  private writing = false;

  constructor(store: DeskStore) {
    this.store = store;
  }

  add(note: Note): void {
    if (this.waiting.length < waitingMax) this.waiting.push(note);
    if (!this.writing) void this.write();
  }

  private async write(): Promise<void> {
    this.writing = true;
    for (let first = this.waiting[0]; first !== undefined; first = this.waiting[0]) {
      const written = await this.store.note(first);
      if (!written.ok) break;
      this.waiting.shift();
    }
    this.writing = false;
    if (this.waiting.length > 0) setTimeout(() => void this.write(), againMs).unref();
  }
}
