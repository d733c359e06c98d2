import { expect, test } from "vitest";
import { parsed, textOf, under, valueAt, withValue } from "./form-path.js";

test("a value is set and taken away by its path, and the form before stays as it was", () => {
  const form = { name: "A", icon: { url: "https://a" } };
  const wider = withValue(form, "icon.width", 20);
  expect(wider).toEqual({ name: "A", icon: { url: "https://a", width: 20 } });
  expect(valueAt(wider, "icon.width")).toBe(20);
  expect(withValue(form, "icon.url", undefined)).toEqual({ name: "A" });
  expect(Object.keys(withValue(form, "name", "B"))).toEqual(["name", "icon"]);
  expect(form).toEqual({ name: "A", icon: { url: "https://a" } });
  expect(valueAt(form, "name.first")).toBeUndefined();
});

test("each kind of box gives what the form wants, and shows it again as it was written", () => {
  const media = "https://a/v.mp4 video/mp4 1280x720 1500\nhttps://a/w.webm video/webm";
  expect(parsed("media", media)).toEqual([
    { url: "https://a/v.mp4", mime: "video/mp4", width: 1280, height: 720, bitrateKbps: 1500 },
    { url: "https://a/w.webm", mime: "video/webm" },
  ]);
  expect(textOf("media", parsed("media", media))).toBe(media);
  expect(parsed("words", "300x250, 728x90\n320x50")).toEqual(["300x250", "728x90", "320x50"]);
  expect(parsed("numbers", "6 7")).toEqual([6, 7]);
  expect(textOf("words", ["a", "b"])).toBe("a, b");
  expect(parsed("number", " 2.50 ")).toBe(2.5);
  expect(parsed("text", "  ")).toBeUndefined();
});

test("what is no number stays as it was written, so that the check can say so", () => {
  expect(parsed("number", "2,50")).toBe("2,50");
  expect(parsed("numbers", "6 x")).toEqual([6, "x"]);
});

test("a field has the findings on it and below it, not those of a longer name", () => {
  const issues = ["price", "price.cpm", "prices", "price[0].id", ""].map((field) => ({ field }));
  const found = under(issues, "price").map(({ field }) => field);
  expect(found).toEqual(["price", "price.cpm", "price[0].id"]);
});
