import { describe, expect, it } from "vitest";
import type { CreativeModel, Markup } from "../campaign/model.js";
import { foreignHosts, hostsIn } from "./template-hosts.js";

const html = (text: string): Markup => ({ kind: "html", html: text });
const creative = (markup: Markup): CreativeModel => ({ markup }) as unknown as CreativeModel;

describe("hosts that a creative loads from", () => {
  it.each([
    ['<img src="https://cdn.brand.example/a.png">', ["cdn.brand.example"]],
    ["<img src=//pixel.tracker.example/p?x=1>", ["pixel.tracker.example"]],
    ["<script>new Image().src='https:\\/\\/t.example\\/p'</script>", ["t.example"]],
    ['<img src="https:\\\\evil.example\\p">', ["evil.example"]],
    ['<img src="ht\ntps:/\t/evil.example/p">', ["evil.example"]],
    ['<img src="https:&#47;&#x2f;evil.example/p">', ["evil.example"]],
    ['<img src="https:&sol;/evil.example/p">', ["evil.example"]],
    ['<img src="https://user@evil.example:8443/p">', ["evil.example"]],
    ['<img src="HTTPS://EVIL.EXAMPLE./p">', ["evil.example"]],
    ['<div style="background:url(https://bg.example/a)">', ["bg.example"]],
    ['<img src="https://b\u00fccher.example/a">', ["xn--bcher-kva.example"]],
    ["<p style='background:url(https://bg.example)'>", ["bg.example"]],
    ["<script>go(`https://bg.example`, 1)</script>", ["bg.example"]],
    // What stands before the host, or looks like its end.
    ['<img src="//x@ok.example@evil.example/p">', ["evil.example"]],
    ['<img src="//ok.example%2eevil.example/p">', ["ok.example.evil.example"]],
    ['<img src="//ok.example_evil.example/p">', ["ok.example_evil.example"]],
    ['<img src="//ok.example&period;evil.example/p">', ["ok.example.evil.example"]],
    ['<img src="//ok.example&shy;.evil.example/p">', ["ok.example&shy;.evil.example"]],
    ['<img src="//ok.example\u{1d41e}.evil.example/p">', ["ok.examplee.evil.example"]],
    ['<img src="//ok.example).evil.example/p">', ["ok.example).evil.example"]],
    // Slashes in other words.
    ['<img src="/&Tab;/evil.example/p">', ["evil.example"]],
    ['<img src="/&#9;/evil.example/p">', ["evil.example"]],
    ['<img src="/&NewLine;/evil.example/p">', ["evil.example"]],
    ['<img src="https:evil.example/p">', ["evil.example"]],
    ['<img src="https:/evil.example/p">', ["evil.example"]],
    ["<script>x='\\x2f\\x2fevil.example/p'</script>", ["evil.example"]],
    ["<script>x='\\u002f\\u{2f}evil.example/p'</script>", ["evil.example"]],
    ["<style>a{background:url(\\2f\\2f evil.example/p)}</style>", ["evil.example"]],
    ['<a href="{CLICK_URL}">x</a>', []],
    ["<p>and/or, 1 // 2</p>", []],
  ])("of %j are %j", (text, hosts) => {
    expect(hostsIn(html(text))).toEqual(hosts);
  });

  it("are those of media files, wrappers and images as well, never the landing page", () => {
    const files = [{ url: "https://v.example/a.mp4" }, { url: "https://w.example/a.mp4" }];
    const inline = { kind: "vastInline", mediaFiles: files } as unknown as Markup;
    expect(hostsIn(inline)).toEqual(["v.example", "w.example"]);
    const wrapper = { kind: "vastWrapper", url: "https://vast.example/w" } as unknown as Markup;
    expect(hostsIn(wrapper)).toEqual(["vast.example"]);
    const image = { url: "https://i.example/m.png", width: 1, height: 1 };
    const native = { kind: "native", icon: null, main: image } as unknown as Markup;
    expect(hostsIn(native)).toEqual(["i.example"]);
  });

  it("are foreign unless the list names them or a name above them, whole labels only", () => {
    const one = creative(html("<img src=https://cdn.brand.example/a><img src=//xbrand.example/b>"));
    expect(foreignHosts(one, ["brand.example"])).toEqual(["xbrand.example"]);
    expect(foreignHosts(one, [])).toEqual(["cdn.brand.example", "xbrand.example"]);
    expect(foreignHosts(one, ["cdn.brand.example", "xbrand.example"])).toEqual([]);
  });
});
