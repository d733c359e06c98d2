import type { Problem } from "../answers.js";

/**
 * Sends a file's bytes as they are read, with how much has gone; `fetch` cannot say. Gives null
 * when it is taken, else what was wrong.
 */
export function upload(
  path: string,
  file: File,
  onProgress: (percent: number) => void,
  signal: AbortSignal,
): Promise<Problem | null> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/v1${path}`);
    request.setRequestHeader("x-crowdbid", "1");
    request.setRequestHeader("content-type", /\.csv$/i.test(file.name) ? "text/csv" : "text/plain");
    request.upload.onprogress = ({ loaded, total }) => onProgress((100 * loaded) / (total || 1));
    request.onload = () => resolve(request.status < 300 ? null : problemOf(request));
    request.onerror = () => resolve(lost);
    request.onabort = () => resolve(ended);
    signal.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}

const lost: Problem = {
  status: 0,
  title: "The connection was lost",
  detail: "Nothing of the list was taken: send it again.",
};
const ended: Problem = { ...lost, title: "Stopped", detail: "Nothing of the list was taken." };

function problemOf({ status, responseText }: XMLHttpRequest): Problem {
  const bare: Problem = { status, title: "Not taken", detail: `The answer was ${status}.` };
  try {
    return { ...bare, ...(JSON.parse(responseText) as Problem) };
  } catch {
    return bare;
  }
}
