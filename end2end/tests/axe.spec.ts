// Every page in the light and the dark theme: nothing that axe-core calls serious or critical, nothing wider than the
// screen. The server's own list of pages is walked whole, each page on the screen that its role has before it, and on the
// other one for its width alone; what pages look like after something was done on them follows, on their role's screen.
//   E2E_ROLES=all     each page as every role that may open it and on both screens, not as the first alone on one

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { FOLDER, expect, expectNoSidewaysScroll, goto, graveFaults, hydrated, signIn, test } from '../fixtures';
import {
  ADMIN, COMPLIANCE, MANAGER, MARKETER, OTC_REP, PUBLIC_ARTICLE, REP, SERVICE_AGENT, TRADE_REP, TRAINER,
  makeCode, makeLink, onboardFreshHcp, openArticle, openFreshHcp,
} from '../steps';

/** The page as it stands, in both themes, of which only colours differ. Goes on after a fault, to name all of them. */
async function lookAt(page: Page) {
  await expect.soft(page, page.url()).toHaveTitle(/./);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // Colours go over gradually.
    await page.evaluate(() => {
      for (const animation of document.getAnimations()) animation.cancel();
    });
    expect.soft(await graveFaults(page, colorScheme === 'dark' ? ['color-contrast'] : undefined), `${page.url()} ${colorScheme}`).toEqual([]);
  }
  await measure(page);
}

async function measure(page: Page) {
  const width = await page.evaluate(() => Math.max(document.documentElement.scrollWidth, window.innerWidth));
  expect.soft(width, `width of ${page.url()}`).toBeLessThanOrEqual(page.viewportSize()!.width);
}

/** Whether a role has another screen before it than this project's; of E2E_ROLES=all none has. */
function elsewhere(role: string): boolean {
  const desk = ['trainer', 'marketer', 'service_agent', 'compliance', 'admin'].includes(role);
  return role !== 'manager' && desk === test.info().project.name.startsWith('phone') && process.env.E2E_ROLES !== 'all';
}

/** Panels that ask before something is done fit on the screen. */
async function openConfirmations(page: Page) {
  const summary = page.locator('details.confirm > summary').last();
  await summary.click();
  const panel = page.locator('details.confirm[open] > :not(summary)');
  await expect(panel).toBeVisible();
  const box = (await panel.boundingBox())!;
  expect.soft(box.x, `left edge of the panel on ${page.url()}`).toBeGreaterThanOrEqual(0);
  expect.soft(box.x + box.width, `right edge of the panel on ${page.url()}`).toBeLessThanOrEqual(page.viewportSize()!.width);
  const pressed = await panel.getByRole('button').first().click({ trial: true, timeout: 3_000 }).then(() => true, () => false);
  expect.soft(pressed, `the button of the panel on ${page.url()} can be pressed`).toBe(true);
  await lookAt(page);
}

async function lookAtAll(page: Page, routes: string[]) {
  for (const route of routes) {
    const answer = await goto(page, route);
    expect.soft(answer!.status(), route).toBeLessThan(400);
    await expect.soft(page.getByRole('heading', { level: 1 })).toBeVisible();
    await lookAt(page);
  }
}

test.describe.configure({ timeout: process.env.E2E_ROLES === 'all' ? 900_000 : 240_000 });
// A trace of so many pages costs more than it tells.
test.use({ trace: 'off' });

/** What `mailuo routes --json` prints. */
type Listed = {
  routes: { path: string; roles: string[]; example: string | null }[];
  accounts: Record<string, string>;
  hcp_cookie: string | null;
};

/** Pages of which the demo's data have none, by their path or by what they show beside the list's example. */
const MORE: Record<string, { role: string; find: (page: Page) => Promise<string> }> = {
  '/import/{id}': {
    role: 'admin',
    find: async (page) => {
      await goto(page, '/import');
      await page.getByLabel('数据类型').selectOption({ label: '客户' });
      const buffer = Buffer.from('姓名,医院\n,\n');
      await page.getByLabel('文件', { exact: true }).setInputFiles({ name: 'hcps.csv', mimeType: 'text/csv', buffer });
      await page.getByRole('button', { name: '上传并检查' }).click();
      await page.waitForURL(/\/import\/[0-9a-f-]{20,}/);
      await hydrated(page);
      return new URL(page.url()).pathname;
    },
  },
  '/attempts/{id}, under way': {
    role: 'otc_rep',
    find: async (page) => {
      await goto(page, '/learning');
      const exam = page.getByRole('listitem').filter({ hasText: '心血管与合规基础（演示）' });
      await exam.getByRole('button', { name: /^(开始考试|继续考试)$/ }).click();
      await page.waitForURL(/\/attempts\//);
      return new URL(page.url()).pathname;
    },
  },
};

/** Makes somebody of this page: a visitor, the demo's HCP, or the demo account of a role. */
async function become(page: Page, role: string, listed: Listed) {
  if (role === 'visitor') return;
  if (role !== 'hcp') return signIn(page, listed.accounts[role]);
  const [name, ...value] = listed.hcp_cookie!.split('=');
  await page.context().addCookies([{ name, value: value.join('='), url: test.info().project.use.baseURL! }]);
}

const ROLES = ['rep', 'otc_rep', 'trade_rep', 'manager', 'trainer', 'marketer', 'service_agent', 'compliance', 'admin', 'visitor', 'hcp'];

test.describe('every page of the list', () => {
  let listed: Listed;
  /** Whose page each is, and addresses of it. */
  let pages: { role: string; path: string; examples: string[] }[];

  test.beforeAll(() => {
    // Examples as the data were made. Other tests may have used one up: then one of now.
    listed = JSON.parse(readFileSync(`${FOLDER}/routes.json`, 'utf8')) as Listed;
    const mailuo = `${process.env.E2E_BUILD || 'target/debug'}/mailuo`;
    const now = JSON.parse(execFileSync(mailuo, ['routes', '--json', '--data-dir', `${FOLDER}/data`], { encoding: 'utf8' })) as Listed;
    pages = listed.routes.flatMap(({ path, roles, example }) => {
      const later = now.routes.find((route) => route.path === path)?.example;
      const examples = [...new Set([example, later].filter((url) => typeof url === 'string'))];
      return (process.env.E2E_ROLES === 'all' ? roles : roles.slice(0, 1)).map((role) => ({ role, path, examples }));
    });
    for (const [path, { role }] of Object.entries(MORE)) {
      if (!pages.some((page) => page.path === path)) pages.push({ role, path, examples: [] });
    }
  });

  test('each is somebody\'s', () => {
    // A role of its own name would be walked by none of the tests below.
    expect(pages.filter(({ role }) => !ROLES.includes(role))).toEqual([]);
    expect(listed.routes.filter(({ roles }) => roles.length === 0).map(({ path }) => path)).toEqual([]);
    expect(listed.routes.length).toBeGreaterThan(100);
  });

  for (const role of ROLES) {
    test(`as ${role}`, async ({ page }) => {
      const own = pages.filter((one) => one.role === role);
      test.skip(own.length === 0, 'others are looked at as');
      await become(page, role, listed);
      for (const { path, examples } of own) {
        if (examples.length === 0 && MORE[path]) examples.push(await MORE[path].find(page));
        expect.soft(examples, `addresses of ${path}: the demo's data have none, so the test must make one`).not.toEqual([]);
        // One page is listed because it is not there.
        const wanted = path === '/no-such-page' ? 404 : 200;
        let status = 0;
        for (const url of examples) {
          status = (await goto(page, url))!.status();
          if (status === wanted) break;
        }
        expect.soft(status, `the answer of ${path}: ${examples}`).toBe(wanted);
        if (!path.startsWith('/sign-in')) expect.soft(page.url(), `${path} leads to`).not.toContain('/sign-in');
        await (elsewhere(role) ? measure(page) : lookAt(page));
      }
    });
  }
});

test('pages of a rep', async ({ page, newPerson }) => {
  test.skip(elsewhere('rep'), 'on the other screen');
  await signIn(page, REP);
  const doctor = await newPerson();
  const onboarded = await onboardFreshHcp(page, doctor);
  await lookAt(doctor);
  const invited = await openFreshHcp(page);
  await makeCode(page);
  await lookAt(page);
  await openConfirmations(page);
  const article = await openArticle(page, PUBLIC_ARTICLE);
  await makeLink(page, onboarded);
  await lookAt(page);
  await lookAtAll(page, [
    '/', '/hcps?text=%E6%97%A0%E6%AD%A4%E4%BA%BA', `/hcps/${onboarded.id}`, `/hcps/${invited.id}`, `/articles/${article}`,
    `/articles/${article}/tree`, `/articles/${article}/share`, '/?arrange=1', '/plans?span=month',
  ]);
  await goto(page, '/visits?state=reviewed');
  await page.locator('main ul > li > a').first().click();
  await page.waitForURL(/\/visits\/[^/?]+$/);
  await lookAt(page);
  await goto(page, '/adverse-events');
  await page.locator('main ul > li > a').first().click();
  await page.waitForURL(/\/adverse-events\/[^/?]+$/);
  await lookAt(page);
  await goto(page, `/articles/${article}/share`);
  await openConfirmations(page);
});

test('pages of manager and compliance', async ({ page, newPerson }) => {
  await signIn(page, MANAGER);
  await lookAtAll(page, ['/', '/shares?sort=-uv', '/visits?state=waiting', '/visits/compare?by=week', '/memos?tab=sent']);
  await goto(page, '/visits?state=waiting');
  await page.locator('main ul > li > a').first().click();
  await page.waitForURL(/\/visits\/[^/?]+$/);
  await lookAt(page);
  if (elsewhere('compliance')) return;
  const compliance = await newPerson();
  await signIn(compliance, COMPLIANCE);
  await lookAtAll(compliance, ['/', '/shares', '/terminals']);
});

test('pages of a marketer', async ({ page }) => {
  test.skip(elsewhere('marketer'), 'on the other screen');
  await signIn(page, MARKETER);
  await lookAtAll(page, ['/', '/articles', '/articles/new']);
  await page.getByLabel('标题').fill('无障碍检查用草稿');
  await page.getByLabel('摘要').fill('摘要');
  await page.getByLabel('作者').fill('市场部');
  await page.getByLabel('有效期至').fill('2099-01-01');
  await page.getByLabel('正文').fill('## 小标题\n\n正文。');
  await page.getByRole('button', { name: '保存' }).click();
  await page.waitForURL(/\/articles\/(?!new)[^/]+/);
  await lookAt(page);
  const draft = new URL(page.url()).pathname.split('/')[2];
  await lookAtAll(page, [`/articles/${draft}`, `/articles/${draft}/edit`]);
});

test('pages of an admin', async ({ page }) => {
  test.skip(elsewhere('admin'), 'on the other screen');
  await signIn(page, ADMIN);
  await lookAtAll(page, ['/', '/terminals', '/account']);
  await goto(page, '/people');
  await page.locator('tbody a').first().click();
  await page.waitForURL(/\/people\/[^/]+$/);
  await expect(page.getByRole('button', { name: '保存' })).toBeVisible();
  await lookAt(page);
  await openConfirmations(page);
});

test('pages of a trainer', async ({ page }) => {
  test.skip(elsewhere('trainer'), 'on the other screen');
  await signIn(page, TRAINER);
  await lookAtAll(page, ['/learning', '/import', '/inbox', '/record']);
  await goto(page, '/questions?kind=multiple');
  await page.locator('main ul > li a[href^="/questions/"]:not([download])').first().click();
  await page.waitForURL(/\/questions\/[^/?]+$/);
  await lookAt(page);
  await openConfirmations(page);
  await goto(page, '/exams');
  await page.locator('main ul > li a[href^="/exams/"]').filter({ hasText: '开放中' }).first().click();
  await page.waitForURL(/\/exams\/[^/?]+$/);
  const exam = new URL(page.url()).pathname;
  await lookAt(page);
  await lookAtAll(page, [`${exam}/edit`, `${exam}/results`, `${exam}/accuracy`]);
});

test('the first page of the other roles', async ({ newPerson }) => {
  for (const [role, phone] of [['otc_rep', OTC_REP], ['trade_rep', TRADE_REP], ['trainer', TRAINER], ['service_agent', SERVICE_AGENT]]) {
    if (elsewhere(role)) continue;
    const page = await newPerson();
    await signIn(page, phone);
    await lookAt(page);
    await page.context().close();
  }
});

test('public pages', async ({ page }) => {
  await lookAtAll(page, ['/sign-in', '/sign-in?by=code', '/library', '/onboard']);
  await goto(page, '/library');
  await page.getByRole('link', { name: PUBLIC_ARTICLE }).click();
  await page.waitForURL(/\/s\//);
  await lookAt(page);
  await page.getByRole('button', { name: '转发' }).click();
  await expect(page.locator('#shared')).toBeVisible();
  await lookAt(page);
  for (const unknown of ['/s/unknown', '/i/unknown', '/a/unknown']) {
    expect((await goto(page, unknown))!.status()).toBe(404);
    await lookAt(page);
  }
  await expectNoSidewaysScroll(page);
});
