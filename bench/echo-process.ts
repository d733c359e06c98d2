import uWS from "uWebSockets.js";

/**
 * The reference: a bare uWebSockets.js server that reads the body and answers a fixed body (or
 * 204), with the header that a bid answer carries. Started as a child; says its port over IPC.
 */
const answerBytes = Number(process.argv[2] ?? 0);
const answer = Buffer.alloc(answerBytes, 0x61);

uWS
  .App()
  .any("/*", (response) => {
    response.onAborted(() => undefined);
    response.onData((_chunk, isLast) => {
      if (!isLast) return;
      response.cork(() => {
        if (answerBytes === 0) {
          response.writeStatus("204 No Content").endWithoutBody();
          return;
        }
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
