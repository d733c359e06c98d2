/**
 * Arguments for node that tie a process to whoever starts it: when that one is gone, killed
 * outright too, the process gets `signal`. A thread of its own looks, so that a long loop does not
 * keep it from ending; a process that this one starts with the same arguments is tied to this one.
 */
export function leash(signal: "SIGTERM" | "SIGKILL"): readonly string[] {
  const watch =
    "const starter = process.ppid; const timer = setInterval(() => { " +
    "if (process.ppid === starter) return; " +
    `clearInterval(timer); process.kill(process.pid, "${signal}"); }, ${lookMs});`;
  const module =
    'import { isMainThread, Worker } from "node:worker_threads"; if (isMainThread) ' +
    `new Worker(${JSON.stringify(watch)}, { eval: true }).unref();`;
  return ["--import", `data:text/javascript,${encodeURIComponent(module)}`];
}

const lookMs = 500;
