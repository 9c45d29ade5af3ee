// An HCP's record and page: a rep enters a doctor, changes them, and sees who changed what; tabs; notes.

import type { Page } from '@playwright/test';
import { expect, expectAccessible, expectNoSidewaysScroll, goto, hydrated, signIn, test } from '../fixtures';
import { REP } from '../steps';

const HOSPITAL = '北京大学国际医院';

/** A name that nobody has, and a department of its own, so that nobody is like them. */
function freshDoctor() {
  const digits = `${Date.now()}${Math.floor(Math.random() * 100)}`.slice(-8);
  const name = `诸葛${[...digits].map((d) => '甲乙丙丁戊己庚辛壬癸'[Number(d)]).join('')}`;
  return { name, department: `专科${digits}` };
}

async function fillDoctor(page: Page, { name, department }: { name: string; department: string }) {
  await goto(page, '/hcps/new');
  await page.locator('input[name="name"]').fill(name);
  await page.locator('input[name="hospital"]').fill(HOSPITAL);
  await page.locator('input[name="department"]').fill(department);
}

async function save(page: Page) {
  await page.getByRole('button', { name: '保存', exact: true }).click();
}

async function onPageOf(page: Page, name: string) {
  await page.waitForURL(/\/hcps\/[0-9a-f]{8}-[0-9a-f-]{27}(\?|$)/);
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  await hydrated(page);
}

async function enter(page: Page, doctor: { name: string; department: string }) {
  await fillDoctor(page, doctor);
  await save(page);
  await onPageOf(page, doctor.name);
}

async function tab(page: Page, name: string) {
  await page.getByRole('navigation', { name: '客户资料' }).getByRole('link', { name, exact: true }).click();
  await page.waitForURL(/[?&]tab=/);
  await hydrated(page);
}

test('a rep enters a doctor, changes them, and sees the history @nojs', async ({ page, problems }) => {
  problems.allow(/status of 422/);
  await signIn(page, REP);
  const doctor = freshDoctor();
  await fillDoctor(page, doctor);
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);

  // What is wrong stands beside its field, and nothing typed is lost.
  await page.locator('input[name="hospital"]').fill('无此单位甲乙');
  await page.locator('input[name="phone"]').fill('12');
  await save(page);
  await expect(page.getByText('请填写 11 位手机号')).toBeVisible();
  await expect(page.locator('input[name="name"]')).toHaveValue(doctor.name);
  await page.locator('input[name="phone"]').fill('');
  await save(page);
  await expect(page.getByText('没有找到这家医院')).toBeVisible();
  await page.locator('input[name="hospital"]').fill(HOSPITAL);
  await page.locator('input[name="tags"]').fill('讲者、重点');
  await save(page);
  await onPageOf(page, doctor.name);
  await expect(page.getByText('未入库')).toBeVisible();
  await expect(page.getByRole('listitem').filter({ hasText: /^讲者$/ })).toBeVisible();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);

  await page.getByRole('link', { name: '编辑', exact: true }).click();
  await page.waitForURL(/\/edit$/);
  await hydrated(page);
  await expect(page.locator('input[name="department"]')).toHaveValue(doctor.department);
  await page.locator('input[name="title"]').fill('副主任医师');
  await save(page);
  await onPageOf(page, doctor.name);
  await expect(page.getByText('副主任医师').first()).toBeVisible();

  await page.getByRole('link', { name: '修改记录' }).click();
  await page.waitForURL(/\/history$/);
  const change = page.getByRole('listitem').filter({ hasText: '职称' });
  await expect(change).toContainText('副主任医师');
  await expect(change).toContainText('表单修改');
  await expectAccessible(page);
});

test('somebody like a doctor on file is shown before anything is written @nojs', async ({ page }) => {
  await signIn(page, REP);
  const doctor = freshDoctor();
  await enter(page, doctor);
  const first = new URL(page.url()).pathname;

  await fillDoctor(page, doctor);
  await page.locator('input[name="title"]').fill('住院医师');
  await save(page);
  await page.waitForURL(/\/hcps\/new\?check=/);
  await hydrated(page);
  expect(decodeURIComponent(page.url()), 'no name in the address').not.toContain(doctor.name);
  await expect(page.getByRole('heading', { name: '库内可能已有这位客户' })).toBeVisible();
  await expect(page.locator(`main a[href="${first}"]`).first()).toBeVisible();
  await expect(page.locator('input[name="title"]')).toHaveValue('住院医师');
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  await page.getByRole('button', { name: '仍然新建' }).click();
  await onPageOf(page, doctor.name);
  expect(new URL(page.url()).pathname).not.toBe(first);
});

test('tabs, timeline and notes of a doctor @nojs', async ({ page }) => {
  await signIn(page, REP);
  const doctor = freshDoctor();
  await enter(page, doctor);

  await tab(page, '备注');
  const note = `周二下午方便 ${doctor.department}`;
  await page.getByRole('textbox', { name: '备注内容' }).fill(note);
  await page.getByRole('button', { name: '添加备注' }).click();
  const item = page.getByRole('listitem').filter({ hasText: note });
  await expect(item).toBeVisible();
  await expect(page.getByRole('textbox', { name: '备注内容' })).toHaveValue('');
  await hydrated(page);
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);

  await tab(page, '轨迹');
  await expect(page.getByText('录入客户库')).toBeVisible();
  await expect(page.getByText(note)).toBeVisible();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  await page.getByRole('navigation', { name: '按类型筛选' }).getByRole('link', { name: '录入', exact: true }).click();
  await page.waitForURL(/kinds=entry/);
  await expect(page.getByText('录入客户库')).toBeVisible();
  await expect(page.getByText(note)).toHaveCount(0);

  await tab(page, '画像');
  await expect(page.getByText('不显示个人画像')).toBeVisible();
  await tab(page, '归属与授权');
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);

  await tab(page, '备注');
  await item.locator('summary').click();
  await item.getByRole('button', { name: '删除' }).click();
  await expect(page.getByText('还没有备注。')).toBeVisible();
});
