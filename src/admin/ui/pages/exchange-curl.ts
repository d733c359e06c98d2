type Header = { readonly name: string; readonly value: string };

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** A command for a shell that sends the body as an exchange would; whatever is in it, one command. */
export function curlOf(endpoint: string, headers: readonly Header[], body: string): string {
  const lines = [
    `curl -sS -i ${quoted(endpoint)}`,
    ...headers.map(({ name, value }) => `  -H ${quoted(`${name}: ${value}`)}`),
    `  --data-binary ${quoted(body)}`,
  ];
  return lines.join(" \\\n");
}
