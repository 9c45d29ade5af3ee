// Dashboards: every number opens as many rows as it says, filters stand in the address, reports and workbooks.

import type { Page } from '@playwright/test';
import { expect, expectAccessible, expectNoSidewaysScroll, goto, hydrated, signIn, test } from '../fixtures';
import { ADMIN, COMPLIANCE, MANAGER, MARKETER, REP, TRAINER } from '../steps';

/** The big number of a figure on the board. */
const figure = (page: Page, measure: string) => page.locator(`[data-measure="${measure}"] > a`).first();

/** How many rows the page of a number says that there are. */
const total = async (page: Page) => Number(await page.locator('[data-total]').getAttribute('data-total'));

const asNumber = (text: string | null) => Number((text ?? '').replaceAll(',', ''));

for (const [who, phone, measures] of [
  ['manager', MANAGER, ['visits', 'pv', 'hcps', 'people']],
  ['marketer', MARKETER, ['pv', 'created', 'articles_published']],
  ['trainer', TRAINER, ['assigned', 'lessons', 'wau']],
  ['compliance', COMPLIANCE, ['articles_published', 'visits', 'exports']],
  ['headquarters', ADMIN, ['mau', 'hcps', 'uv']],
] as const) {
  test(`each number of the ${who}'s board opens as many rows${who === 'manager' ? ' @nojs' : ''}`, async ({ page }) => {
    await signIn(page, phone);
    await goto(page, '/insight');
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    for (const measure of measures) {
      await goto(page, '/insight');
      const link = figure(page, measure);
      const shown = asNumber(await link.textContent());
      await link.click();
      await page.waitForURL(/\/insight\/rows\?/);
      await hydrated(page);
      // Whoever is here right now is active, and what is opened is audited: these may have grown by one.
      const rows = await total(page);
      expect(rows - shown, measure).toBeGreaterThanOrEqual(0);
      expect(rows - shown, measure).toBeLessThanOrEqual(measure === 'exports' || measure.endsWith('au') ? 3 : 0);
      if (rows > 0) await expect(page.locator('main tbody tr').first()).toBeVisible();
    }
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
  });
}

test('a rep has no dashboards', async ({ page, problems }) => {
  problems.allow(/status of 403/);
  await signIn(page, REP);
  await page.goto('/insight');
  await expect(page.getByText('403')).toBeVisible();
});

test('filters and comparison stand in the address @nojs', async ({ page }) => {
  await signIn(page, MANAGER);
  await goto(page, '/insight');
  await page.getByLabel('时间范围').selectOption({ label: '上月' });
  await page.locator('summary').getByText('更多筛选与对比').click();
  await page.getByLabel('对比上一期').selectOption({ label: '对比去年同期' });
  await page.getByRole('button', { name: '查看', exact: true }).click();
  await page.waitForURL(/span=last_month/);
  await hydrated(page);
  const address = new URL(page.url());
  expect(address.searchParams.get('compare')).toBe('year');
  const words = await page.locator('main').getByText(/至 .* 对比：/).textContent();
  const [from] = words!.match(/\d{4}-\d{2}-\d{2}/)!;
  expect(from).toMatch(/-01$/);
  // The same address gives the same board.
  await goto(page, address.pathname + address.search);
  await expect(page.getByLabel('时间范围')).toHaveValue('last_month');
  await expect(page.locator('main').getByText(words!.trim())).toBeVisible();
});

test('what a board is narrowed to goes along to other boards, to reports and back from rows', async ({ page }) => {
  await signIn(page, ADMIN);
  await goto(page, '/insight?board=headquarters&span=last_month');
  const province = await page.getByLabel('全部省份').locator('option').nth(1).getAttribute('value');
  const narrowed = `/insight?board=headquarters&span=last_month&province=${encodeURIComponent(province!)}`;
  await goto(page, narrowed);
  const kept = async () => {
    await hydrated(page);
    const { searchParams } = new URL(page.url());
    expect([searchParams.get('span'), searchParams.get('province')]).toEqual(['last_month', province]);
  };
  await page.locator('main').getByRole('link', { name: '市场', exact: true }).click();
  await page.waitForURL(/board=marketer/);
  await kept();
  await page.locator('main').getByRole('link', { name: '数据报表', exact: true }).click();
  await page.waitForURL(/\/insight\/report/);
  await kept();
  await goto(page, narrowed);
  await expect(page.locator('main').getByText(/分享与阅读仅计/).first()).toBeVisible();
  await figure(page, 'pv').click();
  await page.waitForURL(/\/insight\/rows\?/);
  await hydrated(page);
  await page.getByRole('link', { name: '返回看板' }).click();
  await page.waitForURL(/board=headquarters/);
  await kept();
});

test('after going back the filter says what is shown', async ({ page }) => {
  await signIn(page, MANAGER);
  await goto(page, '/insight');
  await page.getByLabel('时间范围').selectOption({ label: '今年' });
  await page.getByRole('button', { name: '查看', exact: true }).click();
  await page.waitForURL(/span=year/);
  await hydrated(page);
  await page.goBack();
  await page.waitForURL(/\/insight$/);
  await hydrated(page);
  await expect(page.getByLabel('时间范围')).toHaveValue('days30');
});

test('the filters say what is shown wherever one goes on the page', async ({ page }) => {
  await signIn(page, MANAGER);
  await goto(page, '/insight/report?by=rep');
  const name = page.locator('main input[name="text"]');
  await page.getByRole('link', { name: '访客数', exact: false }).first().click();
  await page.waitForURL(/sort=/);
  await expect(page.locator('th[aria-sort="descending"]')).toContainText('访客数');
  await expect(name).toHaveValue('');
  for (const filter of ['group', 'unit', 'province', 'specialty', 'product']) {
    await expect(page.locator(`main select[name="${filter}"]`)).toHaveValue('');
  }
  // On a phone they are folded.
  const more = page.locator('summary').getByText('更多筛选');
  if (await more.isVisible()) await more.click();
  await page.getByLabel('不分组').selectOption({ index: 1 });
  await page.getByRole('button', { name: '查看', exact: true }).click();
  await page.waitForURL(/group=unit/);
  expect(new URL(page.url()).searchParams.get('text') ?? '').toBe('');
  await expect(page.locator('main tbody tr').first()).toBeVisible();
  // On a board, by a unit of the ranking and back.
  await goto(page, '/insight');
  const ranking = page.locator('[data-ranking="unit"] > div table').last();
  await ranking.locator('tbody tr').first().getByRole('link').first().click();
  await page.waitForURL(/unit=/);
  const unit = new URL(page.url()).searchParams.get('unit')!;
  const units = page.locator('select[name="unit"]');
  await expect(units).toHaveValue(unit);
  await page.getByRole('button', { name: '查看', exact: true }).click();
  await page.waitForURL(/span0=/);
  expect(new URL(page.url()).searchParams.get('unit')).toBe(unit);
  await page.getByRole('link', { name: '清除筛选' }).click();
  await page.waitForURL(/\/insight\?board=manager$/);
  await expect(units).toHaveValue('');
  await expect(page.getByLabel('时间范围')).toHaveValue('days30');
});

test('who signs in again comes to what they asked for', async ({ page, context, problems }) => {
  problems.allow(/status of 401/);
  await signIn(page, MANAGER);
  await goto(page, '/insight');
  await context.clearCookies();
  await figure(page, 'visits').click();
  const again = page.locator('main').getByRole('link', { name: '登录' });
  const next = new URL((await again.getAttribute('href'))!, page.url()).searchParams.get('next')!;
  expect(next).toMatch(/^\/insight\/rows\?measure=visits&from=/);
});

test('two units are called by their names', async ({ page }) => {
  await signIn(page, ADMIN);
  await goto(page, '/insight?board=manager');
  const units = page.getByLabel('全部组织').locator('option');
  const [here, there] = [units.nth(2), units.nth(3)];
  const ids = [await here.getAttribute('value'), await there.getAttribute('value')];
  const names = [(await here.textContent())!.trim(), (await there.textContent())!.trim()];
  await goto(page, `/insight?board=manager&compare=unit&unit=${ids[0]}&unit2=${ids[1]}`);
  await expect(page.locator('[data-measure="visits"]')).toContainText(names[1]);
  const lines = page.locator(`mailuo-chart[data*='"kind":"line"']`).first();
  await expect(lines).toHaveAttribute('data', new RegExp(`"name":"${names[0]}"`));
  await expect(page.locator('main').getByText('对比期')).toHaveCount(0);
});

test('days that are typed are meant, and a chosen span wins over them @nojs', async ({ page }) => {
  await signIn(page, TRAINER);
  await goto(page, '/insight');
  await page.getByLabel('开始日期', { exact: true }).fill('2026-03-01');
  await page.getByLabel('结束日期', { exact: true }).fill('2026-03-10');
  await page.getByRole('button', { name: '查看', exact: true }).click();
  await page.waitForURL(/from=2026-03-01/);
  await hydrated(page);
  await expect(page.getByLabel('时间范围')).toHaveValue('days');
  await expect(page.locator('main').getByText(/2026-03-01 至 2026-03-10 · 对比：/)).toBeVisible();
  await page.getByLabel('时间范围').selectOption({ label: '本月' });
  await page.getByRole('button', { name: '查看', exact: true }).click();
  await page.waitForURL(/span=month/);
  await hydrated(page);
  await expect(page.getByLabel('时间范围')).toHaveValue('month');
  await expect(page.locator('main').getByText(/\d{4}-\d{2}-01 至 .* · 对比：/)).toBeVisible();
});

test('a unit of the ranking opens its own board @nojs', async ({ page }) => {
  await signIn(page, ADMIN);
  await goto(page, '/insight');
  // The chart's own table stands before it.
  const ranking = page.locator('[data-ranking="unit"] > div table').last();
  const row = ranking.locator('tbody tr').first();
  await row.getByRole('link').first().click();
  await page.waitForURL(/unit=/);
  await hydrated(page);
  await expect(ranking.locator('tbody tr').first()).toBeVisible();
  await expectNoSidewaysScroll(page);
});

test('a chart is drawn, is gone through by keyboard, and opens its rows', async ({ page }) => {
  await signIn(page, MARKETER);
  await goto(page, '/insight');
  const chart = page.locator('mailuo-chart').first();
  await expect(chart.locator('canvas')).toBeVisible();
  await chart.focus();
  await page.keyboard.press('Home');
  await expect(chart.locator('.live')).not.toBeEmpty();
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/insight\/rows\?measure=/);
});

test('a finger is told what a mark shows, and goes on by a link', async ({ page }, { project }) => {
  test.skip(!project.use.hasTouch);
  await signIn(page, MARKETER);
  await goto(page, '/insight');
  const here = page.url();
  const chart = page.locator(`mailuo-chart[data*='"kind":"line"']`).first();
  await chart.locator('canvas').tap();
  const way = chart.locator('.ways a').first();
  await expect(way).toHaveText(/看明细/);
  expect(page.url()).toBe(here);
  await way.click();
  await page.waitForURL(/\/insight\/rows\?measure=/);
  await expect(page.locator('[data-total]')).toBeVisible();
});

test('days that cannot be shown as asked are named @nojs', async ({ page }) => {
  await signIn(page, MANAGER);
  const notice = page.locator('main .alert-warning');
  for (const path of ['/insight?', '/insight/rows?measure=visits&', '/insight/report?']) {
    await goto(page, `${path}from=2026-03-10&to=2026-03-01`);
    await expect(notice).toHaveText('开始日期晚于结束日期，已改为显示 2026-01-31 至 2026-03-01。');
  }
  await goto(page, '/insight?from=2024-01-01&to=2026-03-01');
  await expect(notice).toHaveText(/一次最多查看 400 天，已改为显示 2025-01-26 至 2026-03-01/);
  await goto(page, '/insight?from=2026-03-01&to=2026-03-10');
  await expect(page.locator('main').getByText(/2026-03-01 至 2026-03-10 · 对比：/)).toBeVisible();
  await expect(notice).toHaveCount(0);
});

test('a phone jumps to the parts of a board, and folds filters @nojs', async ({ page }, { project }) => {
  test.skip(!project.use.isMobile);
  await signIn(page, MANAGER);
  await goto(page, '/insight');
  const ranking = page.locator('[data-ranking="person"]');
  await expect(ranking).not.toBeInViewport();
  await page.getByRole('navigation', { name: '跳转到' }).getByRole('link', { name: '代表与经理' }).click();
  await expect(ranking).toBeInViewport();
  await goto(page, '/insight/report');
  await expect(page.getByLabel('全部省份')).toBeHidden();
  await goto(page, '/insight/report?group=unit');
  await expect(page.getByLabel('全部省份')).toBeVisible();
});

test('reports have chosen columns, groups, an order and a workbook @nojs', async ({ page }) => {
  await signIn(page, MANAGER);
  await goto(page, '/insight/report?by=rep');
  // Folded on a phone, open on a desktop.
  const more = page.locator('summary').getByText('更多筛选', { exact: true });
  if (await more.isVisible()) await more.click();
  await page.locator('summary').getByText('选择列').click();
  await page.getByRole('checkbox', { name: '复读', exact: true }).uncheck();
  await page.getByRole('checkbox', { name: '签到', exact: true }).check();
  await page.getByLabel('不分组').selectOption({ label: '组织' });
  await page.getByRole('button', { name: '查看', exact: true }).click();
  await page.waitForURL(/group=unit/);
  await hydrated(page);
  const heads = page.locator('main thead th');
  await expect(heads.filter({ hasText: '签到' })).toBeVisible();
  await expect(heads.filter({ hasText: '复读' })).toHaveCount(0);
  await heads.getByRole('link', { name: '签到' }).click();
  await page.waitForURL(/sort=(-|%2D)checkins/);
  await hydrated(page);
  await expect(page.locator('main thead th[aria-sort="descending"]')).toHaveText(/签到/);
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: '下载 XLSX' }).click();
  expect((await download).suggestedFilename()).toMatch(/^mailuo-\w+-\d{4}-\d\d-\d\d-\d{4}-\d\d-\d\d\.xlsx$/);
  for (const by of ['article', 'course', 'hcp']) {
    await goto(page, `/insight/report?by=${by}`);
    await expect(page.locator('main table')).toBeVisible();
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
  }
});

test("a colleague's unit and other people's ids are not found", async ({ page, problems }) => {
  problems.allow(/status of 404/);
  await signIn(page, MANAGER);
  for (const path of ['/insight?unit=nobody', '/insight/rows?measure=visits&person=nobody', '/insight/rows?measure=events']) {
    await page.goto(path);
    await expect(page.getByText('404')).toBeVisible();
  }
});

test('what measures mean is written down @nojs', async ({ page }) => {
  await signIn(page, ADMIN);
  await goto(page, '/insight/measures');
  await expect(page.getByRole('rowheader', { name: '必修覆盖率' })).toBeVisible();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
});
