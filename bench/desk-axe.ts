import type { Page } from "playwright-core";
import { accessibilityViolations, noBrowser, sidewaysScroll } from "../src/testing/browser.js";
import { DeskTour, sizes, step, tall } from "./desk-tour.js";

/**
 * axe-core (WCAG 2.2 AA and its best practices) on every address of the desk, light and dark, with
 * the demo's data behind it; and at 400 pixels no page is wider than the window. True = clean.
 */
export async function printDeskAxe(
  dataFolder: string,
  write: (line: string) => void,
): Promise<boolean> {
  if (noBrowser !== "") {
    write(noBrowser);
    return false;
  }
  const tour = await DeskTour.start(dataFolder, write);
  const found: string[] = [];
  const note = (line: string): void => {
    found.push(line);
    write(`  ${line}`);
  };
  try {
    const page = await tour.tab("/line-items");
    const addresses = await tour.addresses();
    for (const address of addresses) {
      try {
        await step(page, address);
        for (const fault of await faultsOf(page)) note(`${address} ${fault}`);
      } catch (error) {
        note(`${address} was never filled: ${error instanceof Error ? error.message : ""}`);
      }
    }
    for (const address of ["/", "/join#SOMECODE"]) {
      const door = await tour.doorTab(address);
      for (const fault of await faultsOf(door)) note(`${address} (signed out) ${fault}`);
    }
    write(
      `${addresses.length + 2} addresses, light, dark and at ${sizes.narrow.width} pixels: ` +
        `${found.length} violations (figure: 0)`,
    );
    return found.length === 0;
  } finally {
    await tour.end();
  }
}

async function faultsOf(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const size of [sizes.wide, sizes.narrow]) {
    await page.setViewportSize(tall(size));
    const at = size === sizes.wide ? "" : `at ${size.width} `;
    await page.emulateMedia({ colorScheme: "light" });
    for (const line of await accessibilityViolations(page)) found.push(`${at}light: ${line}`);
    await page.emulateMedia({ colorScheme: "dark" });
    const colours = ["color-contrast", "link-in-text-block"];
    for (const line of await accessibilityViolations(page, colours)) {
      found.push(`${at}dark: ${line}`);
    }
    if (size === sizes.narrow) found.push(...(await sidewaysScroll(page)));
  }
  await page.setViewportSize(sizes.wide);
  return found;
}
