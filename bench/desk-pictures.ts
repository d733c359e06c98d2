import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import type { Entity, Listing } from "../src/admin/ui/answers.js";
import { noBrowser } from "../src/testing/browser.js";
import { DeskTour, sizes, step } from "./desk-tour.js";

/** The pictures of the README, by file: an address, and what is scrolled to its top. */
type Picture = { readonly file: string; readonly address: string; readonly top?: string };
const pictures: readonly Picture[] = [
  { file: "desk-line-items", address: "/line-items?state=live" },
  { file: "desk-editor", address: "/line-items/1101/edit#targeting" },
  { file: "desk-audience", address: "/audiences/KEY/edit" },
  { file: "desk-report", address: "/reports?by=advertiser,day", top: ".report-result" },
  { file: "desk-why-not-spending", address: "/line-items/3202/funnel" },
];

export type PictureOrder = {
  /** As of `DeskTour.start`. */
  readonly dataFolder: string;
  readonly into: string;
  /** Instead of the README's: every address, whole, in light, in dark, and 400 pixels wide. */
  readonly every: boolean;
};

/** Takes the README's pictures of the desk again, from the demo with its people. */
export async function printDeskPictures(
  { dataFolder, into, every }: PictureOrder,
  write: (line: string) => void,
): Promise<boolean> {
  if (noBrowser !== "") {
    write(noBrowser);
    return false;
  }
  mkdirSync(into, { recursive: true });
  const tour = await DeskTour.start(dataFolder, write);
  try {
    const page = await tour.tab("/line-items");
    const count = await (every ? takeEvery(tour, page, into) : takeReadme(tour, page, into));
    write(`${count} pictures in ${into}`);
    return true;
  } finally {
    await tour.end();
  }
}

async function takeReadme(tour: DeskTour, page: Page, into: string): Promise<number> {
  const audiences = await tour.ask<Listing<Entity>>("GET", "/audiences?limit=1");
  const key = audiences.items[0]?.key ?? "";
  // An everyday desk; the stop is there for `--every`.
  await tour.release();
  await page.reload();
  for (const { file, address, top } of pictures) {
    await step(page, address.replace("KEY", encodeURIComponent(key)));
    if (top !== undefined) {
      await page.locator(top).waitFor();
      await page.evaluate(`document.querySelector("${top}").scrollIntoView()`);
    }
    await page.screenshot({ path: join(into, `${file}.png`) });
  }
  return pictures.length;
}

async function takeEvery(tour: DeskTour, page: Page, into: string): Promise<number> {
  const looks = [
    { name: "light", size: sizes.wide, colorScheme: "light" },
    { name: "dark", size: sizes.wide, colorScheme: "dark" },
    { name: "narrow", size: sizes.narrow, colorScheme: "light" },
  ] as const;
  const addresses = await tour.addresses();
  for (const [i, address] of addresses.entries()) {
    await step(page, address);
    const place = `${String(i).padStart(2, "0")}${address.replace(/[^a-zA-Z0-9]+/g, "-")}`;
    for (const { name, size, colorScheme } of looks) {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: join(into, `${place}-${name}.png`), fullPage: true });
    }
    await page.setViewportSize(sizes.wide);
  }
  return addresses.length * looks.length;
}
