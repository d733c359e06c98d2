import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/**
 * The page: static files with hashed names in dist/ui. No inline script and no inline style come
 * out, so that the page runs under a policy that allows neither; JSX is read from the tsconfig.
 */
export default defineConfig({
  root: at("src/admin/ui"),
  base: "/",
  cacheDir: at(".bench/vite"),
  build: {
    outDir: at("dist/ui"),
    emptyOutDir: true,
    target: "es2023",
    // Browsers that know light-dark(): Chrome 123, Firefox 120, Safari 17.5.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    assetsInlineLimit: 0,
    // What a page loads, for `npm run bench -- --desk-page`.
    manifest: true,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // What several pages share is one file: many small ones compress worse by a fifth.
        codeSplitting: { groups: [{ name: "shared", test: /ui\/(?!pages\/)/, minShareCount: 2 }] },
      },
    },
  },
  // `npx vite --config config/tools/vite.config.ts`: the page from its sources, the API from a
  // program that runs beside it.
  server: { proxy: { "/api": "http://127.0.0.1:9100", "/preview": "http://127.0.0.1:9100" } },
});
