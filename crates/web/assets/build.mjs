// Builds dist/ with stable file names. Icons: every icon("name") in the templates of all crates, every `icon: "name"` / .icon("name") in Rust, and icons.txt.
import { build } from "esbuild";
import * as sass from "sass";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync, renameSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { write as writeMaps } from "./maps.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const crates = join(here, "../..");
const out = join(here, "dist.new");
const budget = 600_000; // bytes on the wire, all files but api-docs.js
const target = ["chrome123", "firefox120", "safari17.5"]; // light-dark(), :has(), nesting

const scss = {
  name: "scss",
  setup(b) {
    b.onLoad({ filter: /\.scss$/ }, ({ path }) => ({ contents: sass.compile(path, { loadPaths: [join(here, "node_modules")], logger: sass.Logger.silent }).css, loader: "css" }));
  },
};

function* files(dir) {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (["node_modules", "target", "dist", "dist.new"].includes(entry.name)) continue;
    const path = join(dir, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else if (/\.(html|rs|js)$/.test(entry.name)) yield path;
  }
}

function sprite() {
  const listed = readFileSync(join(here, "icons.txt"), "utf8").split("\n").filter((line) => line && !line.startsWith("#"));
  const names = new Set(listed);
  const used = /(?:\bicon\(|\bempty\(|"?icon"?: ?)\s*"([a-z0-9-]+)"|icon\("([a-z0-9-]+)" if [^)]*else "([a-z0-9-]+)"/g;
  for (const path of files(crates)) {
    const strict = path.endsWith(".html");
    for (const match of readFileSync(path, "utf8").matchAll(used)) {
      for (const name of match.slice(1).filter(Boolean)) {
        if (existsSync(svg(name))) names.add(name);
        else if (strict) throw new Error(`${path}: there is no Tabler icon "${name}"; see https://tabler.io/icons`);
      }
    }
  }
  for (const name of listed) if (!existsSync(svg(name))) throw new Error(`icons.txt: there is no Tabler icon "${name}"`);
  const symbols = [...names].sort().map((name) => {
    const inner = readFileSync(svg(name), "utf8").replace(/<!--[\s\S]*?-->/, "").replace(/<svg[\s\S]*?>/, "").replace("</svg>", "").replace(/<path stroke="none"[^>]*>/, "").replace(/\s*\n\s*/g, "");
    return `<symbol id="${name}" viewBox="0 0 24 24">${inner}</symbol>`;
  });
  writeFileSync(join(out, "sprite.svg"), `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`);
  return symbols.length;
}
const svg = (name) => join(here, "node_modules/@tabler/icons/icons/outline", `${name}.svg`);

rmSync(out, { recursive: true, force: true });
mkdirSync(out);
const shared = { bundle: true, minify: true, target, legalComments: "linked", outdir: out, logLevel: "warning", absWorkingDir: here };
await build({ ...shared, entryPoints: ["js/app.js", "js/charts.js"], format: "esm" });
await build({ ...shared, entryPoints: ["css/app.css"], plugins: [scss] });
// Scalar's own bundle is already minified: it is only joined with our few lines.
const scalar = readFileSync(join(here, "node_modules/@scalar/api-reference/dist/browser/standalone.js"), "utf8").replace(/\n\/\/# sourceMappingURL.*/, "");
writeFileSync(join(out, "api-docs.js"), `${scalar}\n${readFileSync(join(here, "js/api-docs.js"), "utf8")}`);
cpSync(join(here, "favicon.svg"), join(out, "favicon.svg"));
writeMaps(join(here, "node_modules"), out);
const icons = sprite();

// What is sent is compressed here, once and as well as gzip can; the program embeds and sends just these (src/assets.rs). The plain files stay beside
// them for who looks into them. All of it is weighed, as if one page loaded the scripts, the charts and every map. Only api-docs.js is apart: it is a
// program of others, twice as large as all the rest, and loaded by one page for programmers, /api/docs.
const names = readdirSync(out).sort();
mkdirSync(join(out, "gzip"));
let total = 0;
for (const name of names) {
  const packed = gzipSync(readFileSync(join(out, name)), { level: 9 });
  writeFileSync(join(out, "gzip", name), packed);
  if (name !== "api-docs.js") total += packed.length;
  console.log(`${name.padEnd(24)} ${(packed.length / 1000).toFixed(1).padStart(8)} kB gzipped`);
}
console.log(`${icons} icons; ${(total / 1000).toFixed(0)} kB without api-docs.js (limit ${budget / 1000} kB)`);
if (total > budget) throw new Error("The assets are over their budget: import less, or raise it in build.mjs with a reason.");
rmSync(join(here, "dist"), { recursive: true, force: true });
renameSync(out, join(here, "dist"));
