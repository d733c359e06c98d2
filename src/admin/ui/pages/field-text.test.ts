import { expect, test } from "vitest";
import { parsed, textOf } from "./field-text.js";

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
