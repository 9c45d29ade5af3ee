// Duplicates of the demo data: found, compared, merged and taken apart again.

import type { Page } from '@playwright/test';
import { expect, expectAccessible, expectNoSidewaysScroll, goto, signIn, test } from '../fixtures';
import { COMPLIANCE, REP } from '../steps';

/** Searches anew unless there are pairs, and opens the likeliest; gives its address. */
async function openPair(page: Page): Promise<string> {
  await goto(page, '/duplicates');
  await page.getByRole('button', { name: '立即查重' }).click();
  await expect(page.getByText('已开始查重')).toBeVisible();
  const first = page.locator('main ul a[href^="/duplicates/"]').first();
  await expect(async () => {
    await goto(page, '/duplicates');
    await expect(page.getByText('上次查重')).toBeVisible({ timeout: 1_000 });
    await expect(first).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 45_000 });
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  const href = (await first.getAttribute('href'))!;
  await goto(page, href);
  await expect(page.getByRole('heading', { level: 1, name: '重复客户对比' })).toBeVisible();
  return href;
}

test('a steward compares two HCPs, merges them and takes it back @nojs', async ({ page }) => {
  test.setTimeout(120_000);
  await signIn(page, COMPLIANCE);
  const pair = await openPair(page);
  await expect(page.getByText('关联内容')).toBeVisible();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);

  await page.getByRole('radio', { name: '保留客户甲' }).check();
  await page.locator('summary').filter({ hasText: /^合并$/ }).click();
  await expect(page.getByText('30 天内可以在「合并记录」中撤销')).toBeVisible();
  await page.getByRole('button', { name: '确认合并' }).click();
  await page.waitForURL(/\/hcps\/[^/]+$|\/hcps\/[^/]+\?/);
  await expect(page.getByText('已合并为同一位客户')).toBeVisible();

  await goto(page, pair);
  await expect(page.getByText('这两位客户已合并。')).toBeVisible();
  await goto(page, '/merges');
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  const latest = page.locator('main ul > li').first();
  await expect(latest.getByText('还可撤销 30 天')).toBeVisible();
  await latest.locator('summary').filter({ hasText: '撤销合并' }).click();
  await latest.getByRole('button', { name: '撤销合并' }).click();
  await expect(page.getByText('已撤销合并')).toBeVisible();
  await expect(latest.getByText(/于 .* 撤销/)).toBeVisible();

  await goto(page, pair);
  await expect(page.getByRole('radio', { name: '保留客户甲' })).toBeVisible();
});

test('two people are kept apart, and looked at again', async ({ page }) => {
  test.setTimeout(120_000);
  await signIn(page, COMPLIANCE);
  const pair = await openPair(page);
  await page.locator('summary').filter({ hasText: '不是同一人' }).click();
  await page.getByRole('button', { name: '不是同一人' }).click();
  await expect(page.getByText('已标记为不是同一人。').first()).toBeVisible();
  await goto(page, '/duplicates?status=apart');
  await expect(page.locator(`main ul a[href="${pair}"]`)).toBeVisible();
  await goto(page, pair);
  await page.getByRole('button', { name: '恢复为待处理' }).click();
  await expect(page.getByRole('radio', { name: '保留客户乙' })).toBeVisible();
});

test('a rep has no way to the pairs', async ({ page }) => {
  await signIn(page, REP);
  expect((await goto(page, '/duplicates'))!.status()).toBe(403);
});
