/** What a spreadsheet would run: the signs, and their full-width forms. */
export const formula = /^'*[=+\-@\t\r\n\uFF0B\uFF0D\uFF1D\uFF20]/;

/** A text that a table program would take for a formula, with an apostrophe in front. */
export const guarded = (text: string): string => (formula.test(text) ? `'${text}` : text);

/** In quotes where RFC 4180 wants them. */
export const quoted = (text: string): string =>
  /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
