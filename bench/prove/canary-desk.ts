import { mkdirSync } from "node:fs";
import { bankFolders } from "../../src/bank/folders.js";
import { type MarkedPerson, markedRequest } from "../../src/testing/canary-requests.js";
import type { Program } from "../../src/testing/program.js";

export type DeskAnswer = {
  readonly name: string;
  readonly status: number;
  /** Headers and body. */
  readonly text: string;
};

const listRows = 40;
export const deskMarks = ["list", "unusable", "segment", "search", "form", "login"] as const;

/** The campaign desk, asked about marked people wherever it takes a text, as its operator. */
export class DeskCanary {
  private readonly program: Program;
  private readonly of: MarkedPerson["of"];
  private readonly person: MarkedPerson;
  readonly answers: DeskAnswer[] = [];
  /** What it says of the list that came in; "" = its rows were counted. */
  listTrouble = "";

  constructor(program: Program, person: MarkedPerson) {
    this.program = program;
    this.person = person;
    this.of = (field) => person.of(`desk.${field}`);
    // A list has somewhere to go where there is a bank.
    mkdirSync(bankFolders(program.dataFolder).root, { recursive: true });
  }

  private async ask(method: string, path: string, body?: object | string): Promise<DeskAnswer> {
    const type = typeof body === "string" ? "text/plain" : "application/json";
    const answer = await fetch(`http://127.0.0.1:${this.program.adminPort}/api/v1${path}`, {
      ...{ method, headers: this.headers(body === undefined ? null : type) },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : jsonOf(body) }),
    });
    const text = `${JSON.stringify([...answer.headers])}\n${await answer.text()}`;
    const told = { name: `${method} ${path.split("?")[0]}`, status: answer.status, text };
    this.answers.push(told);
    return told;
  }

  private headers(type: string | null): Record<string, string> {
    const marked = { referer: `https://a.example/${this.of("search")}`, cookie: this.of("login") };
    const token = { authorization: `Bearer ${this.program.adminToken}` };
    return { ...marked, ...token, ...(type === null ? {} : { "content-type": type }) };
  }

  /** What is said back to the one who wrote it (a name that is unknown) is not kept here. */
  private async echoing(method: string, path: string, body?: object): Promise<void> {
    await this.ask(method, path, body);
    this.answers.pop();
  }

  async run(): Promise<void> {
    const { of, person } = this;
    const list = Array.from({ length: listRows }, (_, i) => `${of("list")}+${i}@example.com`);
    const rows = [...list, of("unusable"), person.of("device.ifa")].join("\n");
    await this.ask("POST", "/lists?agency=1&name=friends&kind=email", rows);
    await this.program.until("the list is in", async () => {
      const { text } = await this.ask("GET", "/lists?agency=1");
      const counted = `"rows":${listRows + 2},"unusable":2`;
      this.listTrouble = text.includes(`"in the bank","reason":"",${counted}`) ? "" : text;
      return !text.includes('"taken in"');
    });
    for (let kind = 0; kind < 8; kind++) {
      const request = new TextDecoder().decode(markedRequest(person, kind));
      await this.ask("POST", "/explain", { request });
      const answer = `{"id":"${of("search")}"}`;
      await this.ask("POST", "/exchanges/openrtb26/check-answer", { request, answer });
    }
    const audience = { all: ["interest.running", of("segment")] };
    for (const what of ["estimate", "check"]) {
      await this.echoing("POST", `/audiences/${what}`, { agency: "1", audience });
    }
    const form = { campaign: of("form"), name: of("form"), audience: of("segment") };
    for (const path of ["/line-items/validate", "/line-items"]) {
      await this.echoing("POST", path, { form, note: of("form") });
    }
    await this.echoing("POST", "/session", { login: of("login"), password: of("form") });
    await this.echoing("GET", `/line-items?search=${of("search")}`);
    await this.read();
  }

  /** Everything that the desk shows. */
  private async read(): Promise<void> {
    const kinds = ["agencies", "advertisers", "campaigns", "line-items", "creatives", "audiences"];
    const facts = ["segments", "audience-checks", "series", "latency", "exchanges", "changes"];
    const others = ["audit", "line-items.csv", "stops", "openapi.json", "report-dimensions"];
    for (const path of [...kinds, ...facts, ...others]) await this.ask("GET", `/${path}`);
    const { text } = await this.ask("GET", "/line-items?limit=1");
    const key = /"key":"(\d+)"/.exec(text)?.[1] ?? "";
    await this.ask("GET", `/line-items/${key}`);
    await this.ask("GET", `/line-items/${key}/funnel?days=1`);
  }
}

const jsonOf = (body: object): string => JSON.stringify(body);
