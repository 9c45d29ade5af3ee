// Takes the screenshots for script/shots:
//   node end2end/shots.mjs BASE_URL FOLDER [--role R] [--route PATH] [--viewport V] [--theme T] [--locale L] …
// FOLDER/routes.json is what `mailuo routes --json` printed:
//   {"routes":[{"path":"/hcps/{id}","roles":["rep"],"example":"/hcps/0193…"}],"accounts":{"rep":"139…"},"hcp_cookie":"name=value"}
// A route without an example is left out; the role `visitor` is nobody signed in, `hcp` has that cookie.

import { chromium } from '@playwright/test';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PASSWORD = 'mailuo-demo';
const AT_ONCE = 2;
const VIEWPORTS = {
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  tablet: { viewport: { width: 768, height: 1024 }, deviceScaleFactor: 1, hasTouch: true },
  desktop: { viewport: { width: 1440, height: 900 }, deviceScaleFactor: 1 },
};
const THEMES = ['light', 'dark'];
const LOCALES = ['zh-CN', 'en'];

const [base, folder, ...rest] = process.argv.slice(2);
const filters = { role: [], route: [], viewport: [], theme: [], locale: [] };
for (let i = 0; i < rest.length; i += 2) filters[rest[i].slice(2)].push(rest[i + 1]);

const wanted = (kind, value) => filters[kind].length === 0 || filters[kind].includes(value);
const wantedRoute = (path) =>
  filters.route.length === 0 || filters.route.some((route) => path === route || path.startsWith(`${route.replace(/\/$/, '')}/`) && route !== '/');
const slug = (path) => path.replace(/[{}:*]/g, '').split('/').filter(Boolean).join('-').replace(/[^\w.-]/g, '_') || 'home';

const { routes, accounts, hcp_cookie: hcpCookie } = JSON.parse(readFileSync(join(folder, 'routes.json'), 'utf8'));
const problems = [];
const taken = [];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-component-update'],
});

// The cookies that make somebody this role, or null where that can't be.
async function cookiesOf(role) {
  if (role === 'visitor') return [];
  if (role === 'hcp') {
    if (!hcpCookie) return null;
    const [name, ...value] = hcpCookie.split('=');
    return [{ name, value: value.join('='), url: base }];
  }
  if (!accounts[role]) return null;
  const context = await browser.newContext({ locale: 'zh-CN', timezoneId: 'Asia/Shanghai' });
  const page = await context.newPage();
  await page.goto(`${base}/sign-in`);
  const form = page.locator('form').filter({ has: page.locator('input[name="password"]') });
  await form.locator('input[name="phone"]').fill(accounts[role]);
  await form.locator('input[name="password"]').fill(PASSWORD);
  await form.locator('button[type="submit"]').first().click();
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
  const cookies = await context.cookies();
  await context.close();
  return cookies;
}

async function take(context, shot) {
  const page = await context.newPage();
  // One page is listed because it is not there.
  const absent = shot.path === '/no-such-page';
  const complain = (what) => problems.push(`${shot.file}: ${what}`);
  page.on('console', (message) => message.type() === 'error' && !absent && complain(`console: ${message.text()}`));
  page.on('pageerror', (error) => complain(`exception: ${error.message}`));
  try {
    const response = await page.goto(base + shot.url, { waitUntil: 'load' });
    if (response.status() >= 400 && !absent) complain(`answer ${response.status()}`);
    const ended = new URL(page.url()).pathname;
    if (ended.startsWith('/sign-in') && !shot.path.startsWith('/sign-in')) complain('redirected to the sign-in page');
    if (await page.locator('link[rel="modulepreload"][href*="/pkg/"]').count()) {
      await page.waitForSelector('html[data-hydrated]', { state: 'attached', timeout: 10_000 }).catch(() => complain('not hydrated within 10 s'));
    }
    await page.evaluate(() => document.fonts.ready);
    const width = page.viewportSize().width;
    const wide = await page.evaluate((width) => {
      const root = document.documentElement;
      // With a phone's viewport a page that is too wide makes the window wider, too.
      const total = Math.max(root.scrollWidth, window.innerWidth);
      if (total <= width) return null;
      const scrolled = (element) => {
        for (let parent = element.parentElement; parent && parent !== document.body; parent = parent.parentElement) {
          if (getComputedStyle(parent).overflowX !== 'visible') return true;
        }
        return false;
      };
      const name = (element) => element.tagName.toLowerCase() + (element.id ? `#${element.id}` : '') + [...element.classList].slice(0, 3).map((c) => `.${c}`).join('');
      const culprits = [...document.body.querySelectorAll('*')].filter((element) => element.getBoundingClientRect().right > width + 1 && !scrolled(element));
      return { total, culprits: culprits.slice(0, 3).map(name) };
    }, width);
    if (wide) complain(`${wide.total} px wide on a screen of ${width}: ${wide.culprits.join(', ')}`);
    // A screen as high as the page: the dock stands at its foot then, and nothing is stitched together.
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ width, height: Math.min(Math.max(height, VIEWPORTS[shot.viewport].viewport.height), 8_000) });
    // Until it is painted at that size: an earlier picture shows the page in tiles.
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    await page.waitForTimeout(500);
    await page.screenshot({ path: join(folder, shot.file), animations: 'disabled' });
    taken.push(shot);
    console.log(`    ${shot.file}`);
  } catch (error) {
    complain(error.message.split('\n')[0]);
  } finally {
    await page.close();
  }
}

const roles = [...new Set(routes.flatMap((route) => route.roles))].filter((role) => wanted('role', role));
const without = routes.filter((route) => !route.example && wantedRoute(route.path)).map((route) => route.path);

for (const role of roles) {
  const own = routes.filter((route) => route.roles.includes(role) && route.example && wantedRoute(route.path));
  if (own.length === 0) continue;
  let cookies = null;
  try {
    cookies = await cookiesOf(role);
  } catch (error) {
    problems.push(`${role}: could not sign in: ${error.message.split('\n')[0]}`);
    continue;
  }
  if (!cookies) {
    console.log(`    ${role}: left out, there is no account`);
    continue;
  }
  mkdirSync(join(folder, role), { recursive: true });
  for (const [viewport, device] of Object.entries(VIEWPORTS).filter(([name]) => wanted('viewport', name))) {
    for (const theme of THEMES.filter((name) => wanted('theme', name))) {
      for (const locale of LOCALES.filter((name) => wanted('locale', name))) {
        const context = await browser.newContext({ ...device, locale, timezoneId: 'Asia/Shanghai', colorScheme: theme, reducedMotion: 'reduce' });
        const kept = cookies.filter(({ name }) => name !== 'theme' && name !== 'locale');
        await context.addCookies([...kept, { name: 'theme', value: theme, url: base }, { name: 'locale', value: locale, url: base }]);
        const queue = own.map(({ path, example }) => ({
          role, path, url: example, viewport, theme, locale,
          file: `${role}/${slug(path)}-${viewport}-${theme}-${locale}.png`,
        }));
        await Promise.all(Array.from({ length: AT_ONCE }, async () => {
          for (let shot = queue.shift(); shot; shot = queue.shift()) await take(context, shot);
        }));
        await context.close();
      }
    }
  }
}
await browser.close();

// The sheet shows the pictures of earlier runs, too, for as long as their route exists.
const listFile = join(folder, 'shots.json');
const earlier = existsSync(listFile) ? JSON.parse(readFileSync(listFile, 'utf8')) : [];
const paths = new Set(routes.map((route) => route.path));
const all = new Map([...earlier, ...taken].filter((shot) => paths.has(shot.path) && existsSync(join(folder, shot.file))).map((shot) => [shot.file, shot]));
const order = new Map(routes.map((route, index) => [route.path, index]));
const shots = [...all.values()].sort((a, b) => order.get(a.path) - order.get(b.path) || a.file.localeCompare(b.file));
writeFileSync(listFile, JSON.stringify(shots));
writeFileSync(join(folder, 'index.html'), sheet(shots));

console.log(`    ${taken.length} pictures; the sheet with ${shots.length} is ${join(folder, 'index.html')}`);
if (without.length) console.log(`    without an example on this data, left out: ${without.join(' ')}`);
if (problems.length) {
  console.error(`\n${problems.length} problems:`);
  for (const problem of problems) console.error(`  ${problem}`);
  process.exit(1);
}

function sheet(shots) {
  const kinds = ['role', 'path', 'viewport', 'theme', 'locale'];
  const escape = (text) => text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);
  const select = (kind) => {
    const values = [...new Set(shots.map((shot) => shot[kind]))];
    return `<label>${kind} <select data-kind="${kind}"><option value="">all</option>${values.map((value) => `<option>${escape(value)}</option>`).join('')}</select></label>`;
  };
  const figure = (shot) =>
    `<figure class="${shot.viewport}" ${kinds.map((kind) => `data-${kind}="${escape(shot[kind])}"`).join(' ')}>` +
    `<figcaption><b>${escape(shot.path)}</b> ${kinds.filter((kind) => kind !== 'path').map((kind) => escape(shot[kind])).join(' · ')}</figcaption>` +
    `<a href="${escape(shot.file)}"><img loading="lazy" src="${escape(shot.file)}" alt=""></a></figure>`;
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Mailuo: screenshots</title>
<style>
  body { font: 14px/1.5 system-ui, sans-serif; margin: 0; background: #888; }
  header { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: 1rem; padding: .5rem 1rem; background: #fff; }
  main { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; padding: 1rem; }
  figure { margin: 0; background: #fff; }
  figure[hidden] { display: none; }
  figcaption { padding: .25rem .5rem; font-size: 12px; }
  img { display: block; width: 100%; min-height: 4rem; }
  .phone { width: 260px; }
  .desktop { width: 640px; }
</style>
<header>${kinds.map(select).join('')}<span id="count"></span></header>
<main>${shots.map(figure).join('\n')}</main>
<script>
  const selects = [...document.querySelectorAll('select')];
  const wanted = new URLSearchParams(location.hash.slice(1));
  for (const select of selects) select.value = wanted.get(select.dataset.kind) ?? '';
  function filter() {
    let count = 0;
    for (const figure of document.querySelectorAll('figure')) {
      figure.hidden = selects.some((select) => select.value && figure.dataset[select.dataset.kind] !== select.value);
      count += !figure.hidden;
    }
    document.getElementById('count').textContent = count + ' pictures';
    const chosen = new URLSearchParams(selects.filter((select) => select.value).map((select) => [select.dataset.kind, select.value]));
    history.replaceState(null, '', '#' + chosen);
  }
  for (const select of selects) select.addEventListener('change', filter);
  filter();
</script>
</html>
`;
}
