import { expect, test } from "vitest";
import { campaignFile } from "../../../campaign/schema-campaign.js";
import type { Json, JsonObject } from "../../store/desk-store.js";
import { withValue } from "../form-path.js";
import { type CreativeFormat, commonFields, fieldsByFormat, inFormat } from "./creative-fields.js";
import { parsed } from "./field-text.js";

/** What a person may write into each box; options are tried as they are. */
const written: Readonly<Record<string, string>> = {
  name: "A",
  ...{ landingPage: "https://a.example", url: "https://a.example/vast" },
  ...{ privacyUrl: "https://a.example/p", "icon.url": "https://a.example/i.png" },
  ...{ "image.url": "https://a.example/i.png", domains: "a.example", categories: "IAB17, 7/483" },
  ...{ attributes: "6", apis: "7", language: "fr", bundle: "com.a", sizes: "300x250 728x90" },
  ...{ html: "<p>{CLICK_URL}</p>", tag: "<script></script>", title: "T", mimes: "video/mp4" },
  mediaFiles: "https://a.example/v.mp4 video/mp4 640x360 800",
};

const formats = Object.keys(fieldsByFormat) as CreativeFormat[];

test.each(formats)(
  "a %s creative with every box filled is one that campaigns/ accept",
  (format) => {
    let form: JsonObject = inFormat({ id: 1, advertiser: 2 }, format);
    for (const { field, kind, options } of [...commonFields, ...fieldsByFormat[format]]) {
      const text = options?.at(-1) ?? written[field] ?? (kind === "number" ? "10" : "words");
      form = withValue(form, field, kind === "check" ? true : (parsed(kind, text) as Json));
    }
    const read = campaignFile.safeParse({ creatives: [form] });
    expect(read.error?.issues ?? []).toEqual([]);
    expect(read.data?.creatives?.[0]).toEqual(form);
  },
);

test("another format leaves out what only the old one has, and keeps all that both have", () => {
  const form = { name: "A", format: "html", sizes: ["300x250"], html: "<p>", dsa: { paid: "B" } };
  expect(inFormat(form, "thirdPartyTag")).toEqual({
    ...{ name: "A", format: "thirdPartyTag", sizes: ["300x250"], dsa: { paid: "B" } },
  });
  expect(inFormat(form, "native")).toEqual({ name: "A", format: "native", dsa: { paid: "B" } });
});
