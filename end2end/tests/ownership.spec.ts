// Ownership: a transfer with preview and undo, sharing until a day, one's own groups and followed HCPs.

import type { Page } from '@playwright/test';
import { expect, expectAccessible, expectNoSidewaysScroll, goto, hydrated, signIn, test } from '../fixtures';
import { ADMIN, OTC_REP, REP, stat } from '../steps';

const unique = () => `组${Date.now().toString(36).slice(-6)}`;

/** Labels of a list of suggestions, without the demo's own accounts, whose HCPs other tests need. */
async function others(page: Page, list: string): Promise<string[]> {
  const labels = await page.locator(`#${list} option`).evaluateAll((options) => options.map((o) => o.getAttribute('value') ?? ''));
  return labels.filter((label) => /^E\d{4} /.test(label) && !/^E000\d /.test(label));
}

/** The preview of moving all HCPs of some rep to some other one. */
async function previewOne(page: Page, at = 0): Promise<void> {
  await goto(page, '/transfers/new');
  const from = (await others(page, 'transfer-givers'))[at];
  const to = (await others(page, 'transfer-owners')).find((label) => label !== from)!;
  await page.getByLabel('转出同事').fill(from);
  await page.getByLabel('接收同事').fill(to);
  await page.getByRole('button', { name: '预览' }).click();
  await page.waitForURL(/[?&]from=/);
  await hydrated(page);
}

/** Opens a confirmation and presses its button. */
async function confirm(page: Page, name: string) {
  await page.locator('summary').getByText(name, { exact: true }).first().click();
  await page.locator('details[open] form').getByRole('button', { name, exact: true }).click();
}

test('all HCPs of a rep go to another one, and come back @nojs', async ({ page }) => {
  await signIn(page, ADMIN);
  await previewOne(page);
  const moving = Number(await stat(page, '将转移').textContent());
  expect(moving).toBeGreaterThan(0);
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  await page.getByLabel('转移原因').fill('端到端测试，随即撤销');
  await page.getByRole('button', { name: `确认转移 ${moving} 位` }).click();
  await page.waitForURL(/\/transfers\/(?!new)[^/?]+/);
  await hydrated(page);
  await expect(page.getByText('转移完成，24 小时内可以撤销。')).toBeVisible();
  await expect(stat(page, '已转移客户')).toHaveText(String(moving));
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);

  await confirm(page, '撤销转移');
  await expect(page.getByText(`退回 ${moving} 位，另有 0 位`)).toBeVisible();
  await hydrated(page);
  await expect(page.locator('.badge').getByText('已撤销', { exact: true })).toBeVisible();
  await goto(page, '/transfers');
  await expect(page.getByText('端到端测试，随即撤销').first()).toBeVisible();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
});

test('a reason is needed, and colleagues must be known @nojs', async ({ page, problems }) => {
  problems.allow(/status of 422/);
  await signIn(page, ADMIN);
  await previewOne(page);
  await page.getByRole('button', { name: /^确认转移 \d+ 位$/ }).click();
  await expect(page.getByText('请填写或选择此项')).toBeVisible();
  await goto(page, '/transfers/new?kind=selection&to=%E6%B2%A1%E6%9C%89%E6%AD%A4%E4%BA%BA');
  await expect(page.getByText('没有找到这名同事')).toBeVisible();
});

test('an HCP is shared with a colleague until a day', async ({ page, newPerson }) => {
  await signIn(page, ADMIN);
  await previewOne(page, 1);
  const href = (await page.locator('main li a[href^="/hcps/"]').first().getAttribute('href'))!;
  const openCard = async (who: Page) => {
    const answer = await goto(who, href);
    if (answer!.status() === 200) {
      await who.getByRole('link', { name: '归属与授权' }).click();
      await expect(who.getByRole('heading', { name: '归属历史' })).toBeVisible();
    }
    return answer!.status();
  };
  const colleague = await newPerson();
  await signIn(colleague, OTC_REP);
  expect(await openCard(colleague)).toBe(404);

  await openCard(page);
  await page.getByLabel('同事（工号或姓名）').fill('E0002');
  await page.getByRole('button', { name: '共享', exact: true }).click();
  await expect(page.getByText('已共享给该同事。')).toBeVisible();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  expect(await openCard(colleague)).toBe(200);
  await expect(colleague.getByText('同事与你共享了这位客户')).toBeVisible();
  await expect(colleague.getByLabel('同事（工号或姓名）')).toHaveCount(0);

  await confirm(page, '结束共享');
  await expect(page.getByText('已结束共享。')).toBeVisible();
  expect(await openCard(colleague)).toBe(404);

  // Followed, and in a group of one's own.
  const name = unique();
  await page.getByRole('button', { name: '关注', exact: true }).click();
  await expect(page.getByRole('button', { name: '取消关注' })).toBeVisible();
  await page.getByRole('button', { name: '取消关注' }).click();
  await expect(page.getByRole('button', { name: '关注', exact: true })).toBeVisible();
  await page.getByLabel('加入新分组').fill(name);
  await page.getByRole('button', { name: '保存分组' }).click();
  await expect(page.getByRole('checkbox', { name })).toBeChecked();
  await goto(page, '/groups');
  const item = page.locator('li').filter({ hasText: name });
  await expect(item.getByText('1 位客户')).toBeVisible();
  await item.locator('summary').getByText('删除', { exact: true }).click();
  await item.locator('details[open] form').getByRole('button', { name: '删除' }).click();
  await expect(page.getByText('分组已删除。')).toBeVisible();
});

test('groups are made, renamed and deleted @nojs', async ({ page }) => {
  await signIn(page, REP);
  await goto(page, '/groups');
  const name = unique();
  const make = page.locator('form').filter({ has: page.getByRole('button', { name: '新建', exact: true }) });
  await make.getByLabel('分组名称').fill(name);
  await make.getByRole('button', { name: '新建', exact: true }).click();
  await expect(page.getByText('分组已新建。')).toBeVisible();
  await hydrated(page);
  const item = page.locator('main ul > li').filter({ hasText: name });
  await expect(item.getByText('0 位客户')).toBeVisible();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  await item.locator('summary').getByText('改名', { exact: true }).click();
  const rename = item.locator('form').filter({ has: page.getByRole('button', { name: '保存' }) });
  await rename.getByLabel('新名称').fill(`${name}改`);
  await rename.getByRole('button', { name: '保存' }).click();
  await expect(page.getByRole('link', { name: `${name}改` })).toBeVisible();
  await hydrated(page);
  const renamed = page.locator('main ul > li').filter({ hasText: `${name}改` });
  await renamed.locator('summary').getByText('删除', { exact: true }).click();
  await renamed.locator('details[open] form').getByRole('button', { name: '删除' }).click();
  await expect(page.getByRole('link', { name: `${name}改` })).toHaveCount(0);
});

test('requests for sharing have their page', async ({ page }) => {
  await signIn(page, REP);
  await goto(page, '/requests');
  await expect(page.getByRole('heading', { level: 1, name: '共享申请' })).toBeVisible();
  await page.getByRole('link', { name: '我的申请' }).click();
  await page.waitForURL(/tab=mine/);
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
});
