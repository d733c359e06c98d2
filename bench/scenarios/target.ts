import type { BenchRequest } from "./workloads.js";

/** A server process that requests are sent to. */
export type Target = { readonly name: string; readonly pid: number; readonly port: number };

/** What is sent, and over how many connections. */
export type Load = { readonly requests: readonly BenchRequest[]; readonly connections: number };

/** See reference-process. */
export type ReferenceKind = "echo" | "json" | "node";
/** `ours-json`: our server with JSON.parse, JSON.stringify at its border (json-border-thread). */
export type StandReference = ReferenceKind | "ours-json";
