type Header = { readonly name: string; readonly value: string };

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Ways to send it that a plain command does not take, and rules that are no headers. */
const isSent = ({ name }: Header): boolean => /^(?!content-encoding$)[\w-]+$/i.test(name);

/** A shell command that sends the body as an exchange would; whatever is in it, one command. */
export function curlOf(endpoint: string, headers: readonly Header[], body: string): string {
  const lines = [
    `curl -sS -i ${quoted(endpoint)}`,
    ...headers.filter(isSent).map(({ name, value }) => `  -H ${quoted(`${name}: ${value}`)}`),
    `  --data-binary ${quoted(body)}`,
  ];
  return lines.join(" \\\n");
}
