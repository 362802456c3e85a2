// Opens the pages of runs and of `glomers serve` in a browser, light and dark, wide and narrow, and checks that
//
// - no script fails, and the diagrams are drawn;
// - axe finds nothing wrong, contrast included;
// - everything that can be used can be reached with the Tab key, and operations and messages can be chosen with keys;
// - text has 12 pixels or more, and nothing is wider than the window.
//
// `node pages.mjs BROWSER GLOMERS [FOLDER]`; with a folder, it also writes a picture of each page there.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const require = createRequire(import.meta.url);
const paths = [import.meta.dirname, ...(process.env.NODE_PATH ?? "").split(":")];
const { chromium } = require(require.resolve("playwright-core", { paths }));
const axe = readFileSync(require.resolve("axe-core/axe.min.js", { paths }), "utf8");
const [browserPath, program, pictures] = process.argv.slice(2);
const glomers = resolve(program);
const histories = resolve(import.meta.dirname, "../workbench/checkers/tests/histories");

// Runs `glomers`. A run that is not valid is one to look at as well.
function run(folder, words) {
  try {
    execFileSync(glomers, words.split(" "), { cwd: folder, stdio: "pipe" });
  } catch (error) {
    if (error.status !== 1) throw new Error(`glomers ${words}: ${error.stderr ?? error}`);
  }
}

// Pages of runs of all kinds: charts of their own, findings, a partition, more operations than a page holds.
function make(folder) {
  run(folder, "test -w broadcast --node-count 5 --time-limit 10 --rate 10 --nemesis partition --nemesis-interval 3 --seed 7");
  run(folder, "test -w broadcast --node-count 25 --time-limit 20 --rate 100 --latency 100");
  run(folder, "test -w kafka --node-count 2 --concurrency 2n --time-limit 5 --rate 100");
  run(folder, "test -w unique-ids --node-count 3 --time-limit 10 --rate 3000");
  const cases = ["broadcast-false-lost", "lin-kv-false-stale", "txn-list-append-false-skew"];
  for (const name of cases) {
    const [workload] = name.split("-false");
    run(folder, `check -w ${workload} --strict --report ${name}.html ${join(histories, name)}`);
  }
  const runs = ["broadcast", "kafka", "unique-ids"].flatMap((workload) =>
    readdirSync(join(folder, "store", workload)).filter((name) => name !== "latest").map((name) => `${workload}/${name}`),
  );
  const files = [...runs.map((run) => `store/${run}/report.html`), ...cases.map((name) => `${name}.html`)];
  return { runs, files: files.map((file) => ["file", file, `file://${join(folder, file)}`]) };
}

// The address of a server that shows the runs.
function serve(folder) {
  const server = spawn(glomers, ["serve", "--port", "0"], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((found) => {
    let text = "";
    server.stdout.on("data", (data) => {
      text += data;
      const [address] = /http:\/\/[\d.:]+/.exec(text) ?? [];
      if (address) found({ server, address });
    });
  });
}

// What is too small, and what is wider than the window.
function measure() {
  const problems = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const small = new Set();
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || ["SCRIPT", "STYLE", "title"].includes(parent.tagName)) continue;
    if (!parent.getClientRects().length) continue;
    const scale = parent instanceof SVGGraphicsElement ? parent.getScreenCTM().a : 1;
    const size = parseFloat(getComputedStyle(parent).fontSize) * scale;
    if (size < 11.95) small.add(`${size.toFixed(1)} px: ${walker.currentNode.data.trim().slice(0, 30)}`);
  }
  if (small.size) problems.push(`small text: ${[...small].slice(0, 3).join("; ")}`);
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide > 0) {
    const culprit = [...document.querySelectorAll("body *")].find((element) => element.getBoundingClientRect().right > innerWidth + 1);
    problems.push(`the page is ${wide} px wider than the window: ${culprit?.outerHTML.slice(0, 120)}`);
  }
  for (const canvas of document.querySelectorAll("canvas")) {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    if (!new Uint32Array(data.buffer).some((pixel) => pixel !== 0)) problems.push(`a canvas is empty: ${canvas.className}`);
  }
  return problems;
}

// Presses Tab until the focus leaves the page, and returns what it never reached.
async function walk(page) {
  const count = await page.evaluate(() => {
    const all = [...document.querySelectorAll("a[href], button, input, summary, [tabindex='0']")];
    window.unreached = new Set(all.filter((element) => element.checkVisibility({ visibilityProperty: true })));
    addEventListener("focusin", (event) => window.unreached.delete(event.target));
    document.activeElement?.blur();
    return window.unreached.size;
  });
  for (let at = 0; at < count + 2; at += 1) await page.keyboard.press("Tab");
  return page.evaluate(() => [...window.unreached].slice(0, 3).map((element) => element.outerHTML.slice(0, 100)));
}

// Uses what a reader would.
async function use(page) {
  const problems = [];
  // What sets the nodes up takes microseconds, and would be all that is seen.
  const messages = page.locator("#messages output");
  const stretch = (await messages.count()) ? await messages.textContent() : "";
  if (/ to [\d.]+ µs/.test(stretch)) problems.push(`the messages begin with a stretch in which nothing happens: ${stretch}`);
  const output = page.locator("#timeline output");
  if (await output.count()) {
    const before = await output.textContent();
    await page.locator("#timeline [data-act=in]").click();
    await page.waitForTimeout(50);
    if ((await output.textContent()) === before) problems.push("the button that zooms in does nothing");
  }
  for (const diagram of ["#timeline", "#messages"]) {
    if (!(await page.locator(`${diagram} canvas.diagram`).count())) continue;
    const pinned = page.locator(`${diagram} pre.pinned`);
    await page.locator(`${diagram} canvas.diagram`).focus();
    await page.keyboard.press("n");
    const first = await pinned.textContent();
    await page.keyboard.press("n");
    const second = await pinned.textContent();
    await page.keyboard.press("p");
    if (!first || first === second || first !== (await pinned.textContent())) problems.push(`${diagram}: n and p do not choose`);
    await page.keyboard.press("Escape");
    if (await pinned.isVisible()) problems.push(`${diagram}: Escape does not let go`);
  }
  if (await page.locator("#value").count()) {
    await page.locator("#value").fill("1");
    await page.locator("form.spread [type=submit]").click();
    if (!/message/.test(await page.locator("form.spread [role=status]").textContent())) problems.push("no path of a value");
  }
  return problems;
}

async function check(browser, [kind, name, address], scheme, width) {
  const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height: 900 } });
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(`script: ${error}`));
  page.on("console", (message) => {
    const isMissing = kind === "missing" && message.text().includes("404");
    if (["error", "warning"].includes(message.type()) && !isMissing) problems.push(`console: ${message.text()}`);
  });
  await page.goto(address);
  if (await page.locator("#data").count()) {
    await page.waitForSelector("html[data-ready=true]", { state: "attached" });
    await page.waitForTimeout(100);
  }
  if (pictures) {
    const file = `${name.replaceAll(/[^\w-]+/g, "_")}.${scheme}.${width}.png`;
    await page.screenshot({ path: join(pictures, file), fullPage: true });
  }
  problems.push(...(await page.evaluate(measure)));
  if (width > 1000) {
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
    for (const { id, nodes } of violations) {
      problems.push(`axe: ${id}, ${nodes.length} times: ${nodes[0].html.slice(0, 150)} ${nodes[0].any[0]?.message ?? ""}`);
    }
  }
  if (width > 1000 && scheme === "light") {
    problems.push(...(await walk(page)).map((element) => `not reached by Tab: ${element}`));
    problems.push(...(await use(page)));
  }
  await context.close();
  return problems.map((problem) => `${name}, ${scheme}, ${width} px: ${problem}`);
}

const folder = mkdtempSync(join(tmpdir(), "glomers-pages-"));
const { runs, files } = make(folder);
const { server, address } = await serve(folder);
const large = runs.find((run) => run.startsWith("unique-ids"));
const served = [
  ["page", "runs", "/"],
  ["page", "sorted", "/?sort=latency"],
  ["page", "comparison", `/compare?run=${encodeURIComponent(runs[0])}&run=${encodeURIComponent(runs[1])}`],
  ["page", "folder", `/${runs[0]}/`],
  ["page", "served report", `/${runs[0]}/report.html`],
  ["page", "stretch", `/${large}/report.html?from=1000000000&to=1200000000`],
  ["missing", "missing", "/no-such"],
].map(([kind, name, path]) => [kind, name, address + path]);
const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath: existsSync(browserPath) ? browserPath : undefined, args: flags });
// Colours do not depend on the width.
const views = [["light", 1400], ["dark", 1400], ["light", 600], ...(pictures ? [["dark", 600]] : [])];
const work = [...files, ...served].flatMap((page) => views.map((view) => [page, ...view]));
const count = work.length;
const problems = [];
const worker = async () => {
  for (let next = work.shift(); next; next = work.shift()) problems.push(...(await check(browser, ...next)));
};
await Promise.all([worker(), worker()]);
await browser.close();
server.kill();
rmSync(folder, { recursive: true });
for (const problem of problems.sort()) console.log(problem);
console.log(`pages: ${count} views of ${files.length + served.length} pages, ${problems.length} problems`);
process.exit(problems.length ? 1 : 0);
