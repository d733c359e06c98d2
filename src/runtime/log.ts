import { destination, type Logger, pino } from "pino";

/** Bytes of a text field; what is longer ends in "...". */
export const fieldBytesMax = 512;
const depthMax = 4;
const itemsMax = 32;

/** Control characters above ASCII, and those that turn the direction of text or hide in it. */
const unsafe = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

const escaped = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** JSON's own escapes: the line stays JSON, and a terminal shows what is there. */
export const escapeLine = (line: string): string => line.replace(unsafe, escaped);

/** Cut at a whole character. */
function cutText(text: string): string {
  if (Buffer.byteLength(text) <= fieldBytesMax) return text;
  const bytes = Buffer.from(text).subarray(0, fieldBytesMax - 3);
  return `${bytes.toString("utf8").replace(/\ufffd+$/, "")}...`;
}

/**
 * An error without what a parser quotes of its input: frames, name and code, and the message unless
 * it may hold a piece of somebody's text.
 */
function errorFields(error: Error): Record<string, unknown> {
  const { code } = error as NodeJS.ErrnoException;
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  const quotesInput = error instanceof SyntaxError || error instanceof URIError;
  return {
    name: error.name,
    ...(code === undefined ? {} : { code: String(code) }),
    ...(quotesInput ? {} : { message: cutText(error.message) }),
    stack: cutText(frames.map((line) => line.trim()).join("; ")),
  };
}

/** A value as it may stand in a line: bounded in depth, items and bytes; bytes are only counted. */
export function boundedValue(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return cutText(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Error) return errorFields(value);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if ("toJSON" in value && typeof value.toJSON === "function") {
    return boundedValue((value.toJSON as () => unknown)(), depth + 1);
  }
  if (depth >= depthMax) return "[deeper]";
  if (Array.isArray(value)) {
    return value.slice(0, itemsMax).map((item) => boundedValue(item, depth + 1));
  }
  const entries = Object.entries(value).slice(0, itemsMax);
  return Object.fromEntries(
    entries.map(([key, item]) => [cutText(key), boundedValue(item, depth + 1)]),
  );
}

export type LogOptions = {
  /** The part of the program: "parent", "main", "worker-1", ... */
  readonly part: string;
  readonly level?: "debug" | "info" | "warn" | "error";
  /** Where whole lines go; standard error by default, at once, so that an exit loses none. */
  readonly write?: (line: string) => void;
};

export type Log = Pick<Logger, "debug" | "info" | "warn" | "error">;

/**
 * JSON lines for operators: `log.info({ fields }, "message")`. Nothing is logged per bid, and no
 * identifier ever: what must not show is an `Unprintable`.
 */
export function createLog({ part, level = "info", write }: LogOptions): Log {
  const target = write === undefined ? destination({ fd: 2, sync: true }) : { write };
  return pino(
    {
      level,
      base: { part },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => boundedValue(fields) as Record<string, unknown>,
      },
      hooks: {
        logMethod(args, method) {
          const bounded = args.map((arg) => (typeof arg === "string" ? cutText(arg) : arg));
          method.apply(this, bounded as typeof args);
        },
      },
    },
    { write: (line: string) => target.write(escapeLine(line)) },
  );
}
