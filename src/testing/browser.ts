import { existsSync } from "node:fs";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";

/** Debian's browser, for tests of the page. */
const executablePath = "/usr/bin/chromium";

/** "" = there is a browser; else why a test of the page is skipped. */
export const noBrowser: string = existsSync(executablePath)
  ? ""
  : `no ${executablePath} here: tests of the page are skipped (apt-get install chromium)`;

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: [
      ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
      ...["--disable-component-update", "--disable-sync"],
    ],
  });

type AxeResult = {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
};

const wcag = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What breaks WCAG 2.2 AA on the page as it stands, one line each; `rules` = of these alone. */
export async function accessibilityViolations(
  page: Page,
  rules: readonly string[] = [],
): Promise<string[]> {
  if (!(await page.evaluate<boolean>("'axe' in window"))) await page.evaluate(axe.source);
  const runOnly = rules.length === 0 ? wcag : { type: "rule", values: rules };
  const { violations } = await page.evaluate<AxeResult>(
    `axe.run(document, { runOnly: ${JSON.stringify(runOnly)}, resultTypes: ["violations"] })`,
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary ?? ""}`),
  );
}

/** By how much the page is wider than its window, and what stands out; nothing where it is not. */
export const sidewaysScroll = (page: Page): Promise<string[]> =>
  page.evaluate<string[]>(`(() => {
    const wide = document.documentElement.scrollWidth - innerWidth;
    if (wide <= 0) return [];
    const out = [...document.querySelectorAll("main *")]
      .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
      .map(({ tagName, className }) => tagName.toLowerCase() + "." + className);
    const names = out.slice(0, 3).join(", ");
    return [wide + " pixels wider than a window of " + innerWidth + ": " + names];
  })()`);
