import uWS from "uWebSockets.js";
import type { AnswerSizes } from "./closed-loop.js";

/**
 * The reference: a bare uWebSockets.js server that reads the body and answers a fixed body (or
 * 204) with the header that a bid answer carries, as often as the measured server does. Started as
 * a child; says its port over IPC, takes an `AnswerSizes` before each run and acknowledges it.
 */
let answer = Buffer.alloc(0);
let share200 = 0;
let debt = 0;

process.on("message", (sizes: AnswerSizes) => {
  answer = Buffer.alloc(Math.round(sizes.bytes), 0x61);
  share200 = sizes.share200;
  process.send?.({ ready: true });
});

uWS
  .App()
  .any("/*", (response) => {
    response.onAborted(() => undefined);
    response.onData((_chunk, isLast) => {
      if (!isLast) return;
      response.cork(() => {
        debt += share200;
        if (debt < 1) {
          response.writeStatus("204 No Content").endWithoutBody();
          return;
        }
        debt -= 1;
        response.writeHeader("content-type", "application/json").end(answer);
      });
    });
  })
  .listen("127.0.0.1", 0, (socket: false | object) => {
    if (socket === false) process.exit(1);
    const port: number = (
      uWS as { us_socket_local_port?: (s: object) => number }
    ).us_socket_local_port?.(socket) as number;
    process.send?.({ port });
  });
