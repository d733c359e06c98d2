import type { AudienceVerdict } from "./certificates.js";
import { demoIdentifier, demoSeed } from "./demo-people.js";
import type { Server } from "./server.js";
import type { DeskEvent } from "./world-desk.js";

type Output = { readonly write: (text: string) => unknown; readonly isTTY?: boolean };

const lineEveryMs = 1000;

/**
 * What a newcomer sees of the demo: where it listens, a request to paste, and how the people come
 * in.
 */
export class DemoConsole {
  private readonly output: Output | null;
  private lastLineMs = Number.NEGATIVE_INFINITY;
  private lastStage = "";
  private open = false;
  private bidUrl = "";

  /** null = say nothing (serve: the log speaks). */
  constructor(output: Output | null) {
    this.output = output;
  }

  ready(server: Server, adminPort: number): void {
    const { settings, publicUrl, workers, keys } = server;
    const bid = `http://${settings.host}:${workers.port}`;
    const [first] = server.desk.current?.config.exchanges ?? [];
    this.line("");
    this.line(`crowdbid is bidding: ${bid}/bid/${first?.name ?? "openrtb26"}`);
    if (publicUrl !== bid) this.line(`notices come to ${publicUrl}`);
    this.line(`admin: http://${settings.host}:${adminPort}/readyz, /metrics`);
    this.line(`admin token: ${keys.adminTokenPath}`);
    this.line("");
    this.line("Paste this into another terminal for a bid:");
    this.line("");
    this.bidUrl = `${bid}/bid/${first?.name ?? "openrtb26"}`;
    this.line(sampleCommand(this.bidUrl));
    this.line("");
    const how = server.people.demoIsMade ? "loaded" : "built";
    this.line(`The demo's people are being ${how}; until then bids are on context alone.`);
  }

  /** A moving line on a terminal, a plain one a second elsewhere. */
  progress(stage: string, done: number, total: number): void {
    const nowMs = performance.now();
    if (stage === this.lastStage && nowMs - this.lastLineMs < lineEveryMs) return;
    this.lastLineMs = nowMs;
    this.lastStage = stage;
    const share = total > 0 ? Math.floor((100 * done) / total) : 0;
    const text = `  people: ${stage} ${String(share).padStart(3)} %`;
    if (this.output?.isTTY === true) {
      this.output.write(`\r${text.padEnd(40)}`);
      this.open = true;
    } else this.line(text);
  }

  event(event: DeskEvent): void {
    if (event.kind === "published") {
      const who = event.epoch === 0 ? "no people yet" : `epoch ${event.epoch}`;
      this.line(`World ${event.generation} is live (${who})`);
    } else if (event.kind === "config_refused") {
      this.line("config refused, the last good World stays:");
      for (const { file, line, column, message } of event.issues.slice(0, 5)) {
        this.line(`  ${file}:${line}:${column} ${message}`);
      }
    } else if (event.kind === "warming") {
      this.line(`Line items ${event.lineItems.join(", ")} wait: their segments are being loaded`);
    } else if (event.kind === "audiences_judged") {
      for (const { lineItems, cause } of event.refused) {
        this.line(`Line items ${lineItems.join(", ")} stay dark: ${cause}`);
      }
    }
  }

  /** What became of the people: which audiences may bid now, and which may not, with the cause. */
  people(live: boolean, verdicts: readonly AudienceVerdict[]): void {
    if (!live) {
      this.line("The demo's people are not served; see the log.");
      return;
    }
    const certified = verdicts.filter(({ verdict }) => verdict === "certified").length;
    const refused = verdicts.length - certified;
    this.line(`Audiences: ${certified} certified, ${refused} refused (below the crowd minimum).`);
    this.line("");
    this.line("The same from somebody whom the demo knows, for a bid on an audience:");
    this.line("");
    this.line(sampleCommand(this.bidUrl, knownPerson()));
  }

  private line(text: string): void {
    if (this.output === null) return;
    this.output.write(this.open ? `\n${text}\n` : `${text}\n`);
    this.open = false;
  }
}

/**
 * A person of the demo on an iPhone who is in audiences that win: "" = the generator has changed.
 */
const knownPersonNumber = 2;
export const knownPerson = (): string => demoIdentifier(demoSeed, knownPersonNumber)?.value ?? "";

const sample = {
  id: "hello",
  imp: [{ id: "1", banner: { w: 300, h: 250 }, bidfloor: 0.5 }],
  site: { domain: "news.example", page: "https://news.example/today" },
};
const device = { geo: { country: "USA" }, ua: "Mozilla/5.0", ip: "203.0.113.7" };

/**
 * One command that shows a bid, for nobody or for the person of an iOS identifier; kept here and in
 * the README alike (a test compares them).
 */
export function sampleCommand(url: string, idfa = ""): string {
  const whose = idfa === "" ? device : { ...device, os: "iOS", ifa: idfa };
  const body = JSON.stringify({ ...sample, device: whose });
  return `curl -s ${url} -H 'Content-Type: application/json' -d '${body}'`;
}
