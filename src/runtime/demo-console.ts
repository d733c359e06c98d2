import { demoIdentifier, demoSeed, knownPersonNumber } from "../bank/generate/demo-person.js";
import type { AudienceVerdict } from "./certificates.js";
import { Progress } from "./progress.js";
import type { Server } from "./server.js";
import type { DeskEvent } from "./world-desk.js";

type Output = { readonly write: (text: string) => unknown; readonly isTTY?: boolean };

/**
 * What a newcomer sees of the demo: where it listens, a request to paste, and how the people come
 * in.
 */
export class DemoConsole {
  private readonly output: Output | null;
  private readonly moving: Progress | null;
  private bidUrl = "";

  /** null = say nothing (serve: the log speaks). */
  constructor(output: Output | null) {
    this.output = output;
    this.moving = output === null ? null : new Progress(output, () => performance.now());
  }

  ready(server: Server, adminPort: number): void {
    const { settings, publicUrl, workers, keys } = server;
    const bid = `http://${settings.host}:${workers.port}`;
    const [first] = server.desk.current?.config.exchanges ?? [];
    this.line("");
    this.line(`crowdbid is bidding: ${bid}/bid/${first?.name ?? "openrtb26"}`);
    if (publicUrl !== bid) this.line(`notices come to ${publicUrl}`);
    this.line(`campaign desk: http://${settings.adminHost}:${adminPort}/`);
    this.line(`admin: /readyz, /metrics and /docs there; token: ${keys.adminTokenPath}`);
    this.line("");
    this.line("Paste this into another terminal for a bid:");
    this.line("");
    this.bidUrl = `${bid}/bid/${first?.name ?? "openrtb26"}`;
    this.line(sampleCommand(this.bidUrl));
    this.line("");
    const how = server.people.demoIsMade ? "loaded" : "built";
    this.line(`The demo's people are being ${how}; until then bids are on context alone.`);
  }

  readonly progress = (stage: string, done: number, total: number, unit: string): void =>
    this.moving?.report(stage, done, total, unit);

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
    this.line(`Audiences: ${certified} certified, ${refused} refused.`);
    this.line("");
    this.line("The same from somebody whom the demo knows, for a bid on an audience:");
    this.line("");
    this.line(sampleCommand(this.bidUrl, knownPerson()));
  }

  /** Of the campaign desk: how to sign in first. `serve` says it too, or nobody could. */
  desk(words: string): void {
    if (this.output === null) process.stdout.write(`${words}\n`);
    else this.line(words);
  }

  /** One line now and then about the fake exchange. */
  trading(words: string): void {
    this.line(words);
  }

  private line(text: string): void {
    if (this.output === null) return;
    this.moving?.end();
    this.output.write(`${text}\n`);
  }
}

/** The advertising identifier of a person of the demo who is in audiences that win. */
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
