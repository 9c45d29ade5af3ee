// The list of HCPs: filters in the address, picking across pages, tags in bulk, the export.

import { expect, expectAccessible, expectNoSidewaysScroll, goto, hasJs, hydrated, signIn, test } from '../fixtures';
import { COMPLIANCE, REP } from '../steps';

const rows = 'main tbody tr';

test('filters stand in the address and come off one by one', { tag: '@nojs' }, async ({ page }) => {
  await signIn(page, REP);
  await goto(page, '/hcps');
  await expect(page.locator(rows).first()).toBeVisible();
  await expectNoSidewaysScroll(page);
  await expectAccessible(page);
  const department = (await page.locator('select[name="department"] option').nth(1).getAttribute('value'))!;
  await page.locator('select[name="department"]').selectOption(department);
  await page.locator('select[name="sort"]').selectOption({ label: '最新录入在前' });
  await page.getByRole('button', { name: '搜索', exact: true }).click();
  await page.waitForURL(/department=.*sort=created|sort=created.*department=/);
  await hydrated(page);
  const texts = await page.locator(rows).allTextContents();
  expect(texts.length).toBeGreaterThan(0);
  for (const text of texts) expect(text).toContain(department);

  // What is folded away opens where it is in force.
  await page.getByText('更多筛选').click();
  await page.locator('select[name="contact"]').selectOption({ label: '从未联系' });
  await page.getByRole('button', { name: '搜索', exact: true }).click();
  await page.waitForURL(/contact=never/);
  await hydrated(page);
  await expect(page.locator('select[name="contact"]')).toBeVisible();
  await expectNoSidewaysScroll(page);
  await page.getByRole('link', { name: '移除筛选：最近联系：从未联系' }).click();
  await page.waitForURL((url) => !url.search.includes('contact=never'));
  await hydrated(page);
  await expect(page.getByRole('link', { name: `移除筛选：科室：${department}` })).toBeVisible();
  await page.getByRole('link', { name: '清除全部筛选' }).click();
  await page.waitForURL((url) => url.pathname === '/hcps' && !url.search.includes('department='));
});

test('two characters find a name', async ({ page }) => {
  await signIn(page, REP);
  await goto(page, '/hcps');
  const name = (await page.locator(`${rows} a`).first().textContent())!.trim();
  await page.getByRole('searchbox').fill(name.slice(0, 2));
  await page.getByRole('button', { name: '搜索', exact: true }).click();
  await page.waitForURL(/text=/);
  await hydrated(page);
  await expect(page.locator(rows).filter({ hasText: name }).first()).toBeVisible();
  for (const text of await page.locator(rows).allTextContents()) expect(text).toContain(name.slice(0, 2));
});

test('picked across pages, tagged in one act, and let go', { tag: '@nojs' }, async ({ page }, info) => {
  await signIn(page, REP);
  // What an earlier run left is let go first.
  await goto(page, '/hcps/selection');
  const clear = page.getByRole('button', { name: '清空选择' });
  if (await clear.isVisible()) {
    await clear.click();
    await expect(page.getByText('还没有选择客户。')).toBeVisible();
  }
  const save = async () => {
    if (!hasJs(page)) await page.getByRole('button', { name: '更新选择' }).click();
  };
  await goto(page, '/hcps');
  await page.locator(`${rows} input[name="picked[]"]`).nth(0).check();
  await page.locator(`${rows} input[name="picked[]"]`).nth(1).check();
  await save();
  await expect(page.getByText('已选 2 位')).toBeVisible();
  await goto(page, '/hcps?page=2');
  await page.locator(`${rows} input[name="picked[]"]`).nth(0).check();
  await save();
  await expect(page.getByText('已选 3 位')).toBeVisible();
  // They outlast the page.
  await goto(page, '/hcps');
  await expect(page.locator(`${rows} input[name="picked[]"]:checked`)).toHaveCount(2);
  await page.locator(`${rows} input[name="picked[]"]`).nth(1).uncheck();
  await save();
  await expect(page.getByText('已选 2 位')).toBeVisible();

  await page.getByRole('link', { name: '批量操作' }).click();
  await page.waitForURL(/\/hcps\/selection/);
  await hydrated(page);
  await expect(page.getByRole('heading', { level: 1, name: '已选客户' })).toBeVisible();
  await expectNoSidewaysScroll(page);
  await expectAccessible(page);
  const tag = `批量${info.project.name.replace(/\W/g, '')}${Date.now() % 100_000}`.slice(0, 20);
  await page.getByLabel('标签').fill(tag);
  await page.getByRole('button', { name: '打标签' }).click();
  await expect(page.getByText(/已为 2 位客户打上标签/)).toBeVisible();
  await hydrated(page);
  await goto(page, `/hcps?tag=${encodeURIComponent(tag)}`);
  await expect(page.locator(rows)).toHaveCount(2);
  await goto(page, '/hcps/selection');
  await page.getByLabel('标签').fill(tag);
  await page.getByRole('button', { name: '去标签' }).click();
  await expect(page.getByText(/已为 2 位客户去掉标签/)).toBeVisible();
  await hydrated(page);
  await page.getByRole('button', { name: '移除' }).first().click();
  await expect(page.getByRole('heading', { level: 2, name: '已选 1 位' })).toBeVisible();
  await hydrated(page);
  await page.getByRole('button', { name: '清空选择' }).click();
  await expect(page.getByText('还没有选择客户。')).toBeVisible();
});

test('a box that is ticked before the page has hydrated counts', async ({ page }) => {
  await signIn(page, REP);
  await page.addInitScript(() => {
    // Before any script of the page.
    document.addEventListener('readystatechange', () => {
      if (document.readyState === 'interactive') document.querySelector<HTMLInputElement>('input[name="picked[]"]')?.click();
    });
  });
  await goto(page, '/hcps');
  await expect(page.getByText('已选 1 位')).toBeVisible();
  await expect(page.locator(`${rows} input[name="picked[]"]`).first()).toBeChecked();
  await page.getByRole('button', { name: '清空选择' }).click();
  await expect(page.getByText('已选 0 位')).toBeVisible();
});

test('all that match are picked, and exported masked', async ({ page }) => {
  test.skip(page.viewportSize()!.width < 1000, 'used at a desk');
  await signIn(page, COMPLIANCE);
  await goto(page, '/hcps');
  const department = (await page.locator('select[name="department"] option').nth(1).getAttribute('value'))!;
  await goto(page, `/hcps?department=${encodeURIComponent(department)}`);
  const all = page.getByRole('button', { name: /^选择全部 \d+ 位$/ });
  const total = /\d+/.exec((await all.textContent())!)![0];
  await all.click();
  await expect(page.getByText(`已选 ${total} 位`)).toBeVisible();
  await goto(page, '/hcps/selection');
  await expect(page.getByRole('link', { name: '导出完整手机号' })).toBeVisible();
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: '导出 XLSX' }).click();
  expect((await download).suggestedFilename()).toMatch(/^mailuo-hcps-\d{4}-\d\d-\d\d\.xlsx$/);
  await page.getByRole('button', { name: '清空选择' }).click();
  await expect(page.getByText('还没有选择客户。')).toBeVisible();
});
