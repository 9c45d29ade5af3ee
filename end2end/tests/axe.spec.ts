// Every page in the light and the dark theme: nothing that axe-core calls serious or critical, nothing wider than the
// screen.

import type { Page } from '@playwright/test';
import { expect, expectNoSidewaysScroll, goto, graveFaults, signIn, test } from '../fixtures';
import {
  ADMIN, COMPLIANCE, MANAGER, MARKETER, OTC_REP, PUBLIC_ARTICLE, REP, SERVICE_AGENT, TRADE_REP, TRAINER,
  makeCode, makeLink, onboardFreshHcp, openArticle, openFreshHcp,
} from '../steps';

/** The page as it stands, in both themes, of which only colours differ. Goes on after a fault, to name all of them. */
async function lookAt(page: Page) {
  // A sidebar more or less changes no colours: the dark theme is looked at on the phone.
  const themes = page.viewportSize()!.width < 1000 ? (['light', 'dark'] as const) : (['light'] as const);
  for (const colorScheme of themes) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // Colours go over gradually.
    await page.evaluate(() => {
      for (const animation of document.getAnimations()) animation.cancel();
    });
    expect.soft(await graveFaults(page, colorScheme === 'dark' ? ['color-contrast'] : undefined), `${page.url()} ${colorScheme}`).toEqual([]);
  }
  const width = await page.evaluate(() => Math.max(document.documentElement.scrollWidth, window.innerWidth));
  expect.soft(width, `width of ${page.url()}`).toBeLessThanOrEqual(page.viewportSize()!.width);
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

test.describe.configure({ timeout: 240_000 });
// A trace of so many pages costs more than it tells.
test.use({ trace: 'off' });

test('pages of a rep', async ({ page, newPerson }) => {
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
    '/', '/hcps', '/hcps?text=%E6%97%A0%E6%AD%A4%E4%BA%BA', `/hcps/${onboarded.id}`, `/hcps/${invited.id}`, '/articles',
    `/articles/${article}`, `/articles/${article}/tree`, '/shares', '/account', `/articles/${article}/share`,
  ]);
  await lookAtAll(page, [
    '/?arrange=1', '/checkin', '/visits/new', '/visits', '/visits/compare', '/plans', '/plans?span=month', '/tasks', '/memos', '/adverse-events',
    '/adverse-events/new', '/complaints', '/month', '/sign-out',
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
  await lookAtAll(page, [
    '/', '/hcps', '/shares', '/shares?sort=-uv', '/terminals', '/account', '/visits?state=waiting', '/visits/compare?by=week', '/memos/new', '/memos?tab=sent',
  ]);
  await goto(page, '/visits?state=waiting');
  await page.locator('main ul > li > a').first().click();
  await page.waitForURL(/\/visits\/[^/?]+$/);
  await lookAt(page);
  const compliance = await newPerson();
  await signIn(compliance, COMPLIANCE);
  await lookAtAll(compliance, ['/', '/hcps/pending', '/audit', '/articles', '/shares', '/terminals']);
});

test('pages of a marketer', async ({ page }) => {
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
  await signIn(page, ADMIN);
  await lookAtAll(page, ['/', '/complaints/queue', '/people', '/people/new', '/units', '/settings', '/import', '/sms', '/audit', '/terminals', '/account']);
  await goto(page, '/people');
  await page.locator('tbody a').first().click();
  await page.waitForURL(/\/people\/[^/]+$/);
  await expect(page.getByRole('button', { name: '保存' })).toBeVisible();
  await lookAt(page);
  await openConfirmations(page);
});

test('pages of a trainer', async ({ page }) => {
  await signIn(page, TRAINER);
  await lookAtAll(page, ['/questions', '/questions/new', '/exams', '/exams/new', '/exams/marking', '/learning', '/import', '/courses', '/courses/new', '/comments', '/inbox', '/record']);
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
  for (const phone of [OTC_REP, TRADE_REP, TRAINER, SERVICE_AGENT]) {
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
