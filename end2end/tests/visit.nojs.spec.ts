// A visit is recorded and planned without JavaScript.

import { expect, expectNoSidewaysScroll, goto, signIn, test } from '../fixtures';
import { REP } from '../steps';

test('a visit is recorded by the form alone', async ({ page }) => {
  await signIn(page, REP);
  await goto(page, '/hcps?state=onboarded');
  await page.locator('main tbody a[href^="/hcps/"]').first().click();
  const hcp = new URL(page.url()).pathname.split('/')[2];
  await goto(page, `/visits/new?hcp=${hcp}`);
  await expectNoSidewaysScroll(page);
  const people = page.getByRole('group', { name: '见到的客户' });
  await people.locator('label').filter({ has: page.locator('input:checked') }).first().click();
  await page.getByLabel('一句话记录').fill('没有脚本');
  await page.getByRole('button', { name: '保存拜访' }).click();
  await expect(page.getByText('请选择见到的客户')).toBeVisible();
  await expect(page.getByLabel('一句话记录')).toHaveValue('没有脚本');
  await people.locator('label').first().click();
  await page.getByRole('button', { name: '保存拜访' }).click();
  await page.waitForURL(/\/visits\/(?!new)[^/]+$/);
  await expect(page.getByText('没有脚本')).toBeVisible();
});

test('a visit is planned by the form alone', async ({ page }) => {
  await signIn(page, REP);
  await goto(page, '/plans');
  await page.getByRole('button', { name: /^加入 \d/ }).first().click();
  await expect(page.getByText('已加入计划')).toBeVisible();
});
