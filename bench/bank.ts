import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { BankBenchOrder, BankMeasured } from "./bank-measure.js";
import { bankPicture } from "./bank-picture.js";
import { ask } from "./child.js";
import { machineOf } from "./machine.js";
import { progressLines } from "./scale.js";

export type BankBenchOptions = {
  readonly people: readonly number[];
  /** Where worlds and banks are written: about 1.2 GB a million people. */
  readonly root: string;
  readonly memoryMb: number;
};

/** `--bank [--people 1000000,3000000] [--data DIR] [--memory MB]`. */
export function bankOptionsOf(args: readonly string[]): BankBenchOptions {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...args],
    options: { bank: { type: "boolean" }, people: text, data: text, memory: text },
  });
  return {
    people: (values.people ?? "1000000,3000000,10000000").split(",").map(Number),
    root: resolve(values.data ?? tmpdir()),
    memoryMb: Number(values.memory ?? "4000"),
  };
}

/** All stages of the bank at several sizes, as a table, a picture and JSON lines. */
export async function printBank(
  options: BankBenchOptions,
  write: (line: string) => void,
): Promise<boolean> {
  const measured: BankMeasured[] = [];
  for (const people of options.people) {
    mkdirSync(options.root, { recursive: true });
    const dataFolder = mkdtempSync(join(options.root, "crowdbid-bank-"));
    try {
      const { memoryMb } = options;
      const order: BankBenchOrder = { dataFolder, people, memoryMb, nowMs: Date.now() };
      measured.push(await ask<BankMeasured>("bank-process", order, progressLines()));
    } finally {
      rmSync(dataFolder, { recursive: true, force: true });
    }
  }
  const machine = machineOf();
  const where = `Node ${machine.node}, ${machine.machine}, commit ${machine.commit}`;
  write(`\n${where}, DuckDB ${options.memoryMb} MB`);
  for (const line of tableOf(measured)) write(line);
  for (const one of measured) write(JSON.stringify({ name: "bank", ...one, ...machine }));
  const picture = join("bench", "results", "bank.svg");
  mkdirSync(join("bench", "results"), { recursive: true });
  writeFileSync(picture, bankPicture(measured, `${machine.machine}, ${machine.commit}`));
  write(`\n${picture}`);
  return measured.every(({ identity }) => identity.precision >= 0.99);
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`;

export function tableOf(measured: readonly BankMeasured[]): string[] {
  const names = measured[0]?.stages.map(({ stage }) => stage) ?? [];
  const rows: (readonly string[])[] = [
    ["", ...measured.map(({ people }) => `${people / 1e6} M people`)],
    ["rows", ...measured.map(({ rows }) => `${(rows / 1e6).toFixed(1)} M`)],
    ["identifiers", ...measured.map((m) => `${(m.identifiers / 1e6).toFixed(2)} M`)],
    ...names.map((name) => [
      name,
      ...measured.map((m) => `${(m.stages.find((s) => s.stage === name)?.sec ?? 0).toFixed(1)} s`),
    ]),
    ["all", ...measured.map(({ sec }) => `${sec.toFixed(1)} s`)],
    ["resident peak", ...measured.map((m) => gigabytes(m.residentPeakBytes))],
    ["touch-points", ...measured.map((m) => gigabytes(m.sourceBytes))],
    ["bank", ...measured.map((m) => gigabytes(m.bankBytes))],
    ["snapshot", ...measured.map((m) => gigabytes(m.snapshotBytes))],
    ["segments kept", ...measured.map((m) => String(m.segments))],
    ["precision", ...measured.map((m) => m.identity.precision.toFixed(5))],
    ["recall", ...measured.map((m) => m.identity.recall.toFixed(4))],
  ];
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(i === 0 ? 16 : 14))
      .join("")
      .trimEnd(),
  );
}
