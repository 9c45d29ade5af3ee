// A month of flow: imported, matched, confirmed on the phone, appealed with a photo, decided, closed, adjusted, reported.

import type { Page } from '@playwright/test';
import { expect, expectAccessible, expectNoSidewaysScroll, goto, hydrated, signIn, test } from '../fixtures';
import { ADMIN, MANAGER, REP, stat } from '../steps';

/** A photo of one pixel. */
const PHOTO = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** A month that no other run has used: the tests share one database. */
function freshMonth(): string {
  const n = Math.floor(Date.now() / 1000) % 132;
  return `${2009 + Math.floor(n / 12)}-${String((n % 12) + 1).padStart(2, '0')}`;
}

function file(rows: string[]): Buffer {
  const head = '单据号,商业公司,终端编码,终端名称,产品编码,通用名称,规格,批号,数量,单位,单价,销售日期';
  return Buffer.from(`9 月流向,,,,,,,,,,,\n${head}\n${rows.join('\n')}\n合计,,,,,,,,99,,,\n`);
}

async function upload(page: Page, rows: string[]) {
  await goto(page, '/import?kind=flow');
  await page.getByLabel('数据类型').selectOption({ label: '流向' });
  await page.getByLabel('文件', { exact: true }).setInputFiles({ name: '流向.csv', mimeType: 'text/csv', buffer: file(rows) });
  await page.getByRole('button', { name: '上传并检查' }).click();
  await page.waitForURL(/\/import\/[0-9a-f-]{20,}/);
  await hydrated(page);
  await expect(page.getByRole('heading', { name: '按产品合计' })).toBeVisible({ timeout: 30_000 });
}

async function apply(page: Page, n: number) {
  await page.getByRole('button', { name: `导入 ${n} 条变更` }).click();
  await expect(page.getByText('导入完成。')).toBeVisible({ timeout: 30_000 });
}

/** The card of a month. */
function period(page: Page, month: string) {
  return page.locator('section').filter({ has: page.getByRole('heading', { name: month, exact: true }) });
}

test('a month from the file to the report', async ({ page, newPerson }) => {
  test.setTimeout(180_000);
  const month = freshMonth();
  const stamp = Date.now().toString().slice(-6);
  await signIn(page, REP);
  await goto(page, '/flow');
  const first = page.locator('main li a[href^="/flow/terminals/"]').first();
  const terminal = (await first.locator('span.font-medium').textContent())!.trim();
  const id = (await first.getAttribute('href'))!.split('/')[3].split('?')[0];
  const other = `${terminal}（${stamp}院区）`;
  const line = (n: number, name: string, quantity: string) =>
    `F${stamp}${n},华东医药配送有限公司,,${name},YZ-001,硝苯地平控释片,30mg*7片,B${n},${quantity},盒,28.6,${month}-0${n}`;

  // Operations import: one row is refused and keeps no other back, one has another spelling.
  const admin = await newPerson();
  await signIn(admin, ADMIN);
  await upload(admin, [line(1, terminal, '30'), line(2, terminal, '50'), line(3, other, '7'), line(4, terminal, 'abc')]);
  for (const [name, n] of Object.entries({ 已匹配: 2, 有建议: 1, 未识别: 0, 重复: 0, 无效: 1 })) {
    await expect(stat(admin, name).first(), name).toHaveText(String(n));
  }
  await expect(admin.getByText('数量不是整数：abc')).toBeVisible();
  await expectNoSidewaysScroll(admin);
  await apply(admin, 3);

  // One decision holds for all lines printed like this.
  await goto(admin, `/flow/matching?text=${encodeURIComponent(stamp)}`);
  await expect(admin.getByText(other).first()).toBeVisible();
  await expectAccessible(admin);
  await admin.getByRole('button', { name: '归入该终端' }).first().click();
  await expect(admin.getByText('已归入该终端，相同写法以后自动匹配。')).toBeVisible();

  await goto(admin, '/flow/periods');
  await period(admin, month).getByText('开始确认', { exact: true }).first().click();
  await period(admin, month).getByLabel('确认截止日期').fill('2099-01-31');
  await period(admin, month).getByRole('button', { name: '开始确认' }).click();
  await expect(period(admin, month).getByText('确认中', { exact: true }).first()).toBeVisible();

  // The rep confirms one, takes it back, appeals about another with a photo, and confirms the rest at once.
  await goto(page, `/flow/terminals/${id}?month=${month}`);
  await expect(page.getByRole('button', { name: /^确认 / })).toHaveCount(3);
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  await page.getByRole('button', { name: /^确认 / }).first().click();
  await expect(page.getByText('已确认。')).toBeVisible();
  await hydrated(page);
  await page.getByRole('button', { name: '撤回确认' }).first().click();
  await expect(page.getByText('已撤回确认。')).toBeVisible();
  await page.locator('main li').filter({ hasText: '50 盒' }).getByRole('link', { name: /^申诉 / }).click();
  await page.waitForURL(/\/flow\/appeals\/new/);
  await hydrated(page);
  await page.locator('select[name="reason"]').selectOption({ label: '数量不对' });
  await page.getByLabel('应为数量').fill('40');
  await page.getByLabel('说明').fill('入库单为 40 盒');
  await page.getByRole('button', { name: '提交申诉' }).click();
  await page.waitForURL(/\/flow\/appeals\/[0-9a-f-]{20,}/);
  await hydrated(page);
  const appeal = new URL(page.url()).pathname;
  // Words and a photo go together; a file that is no photo takes no words along.
  await page.getByLabel('补充说明').fill('附入库单');
  await page.getByLabel('上传照片作为依据').setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: Buffer.from('no photo') });
  await page.getByRole('button', { name: '发送', exact: true }).click();
  await expect(page.getByText('补充说明已发送，但照片无法识别')).toBeVisible();
  await expect(page.getByText('附入库单')).toBeVisible();
  await page.getByLabel('上传照片作为依据').setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: PHOTO });
  await page.getByRole('button', { name: '发送', exact: true }).click();
  await expect(page.getByRole('img', { name: '申诉依据的照片' })).toBeVisible();
  await expectAccessible(page);
  await goto(page, `/flow/terminals/${id}?month=${month}`);
  await page.locator('summary').filter({ hasText: '确认全部 2 条' }).click();
  await page.getByRole('button', { name: '确认全部 2 条' }).click();
  await expect(page.getByText('已确认。')).toBeVisible();

  const manager = await newPerson();
  await signIn(manager, MANAGER);
  await goto(manager, appeal);
  await expect(manager.getByRole('img', { name: '申诉依据的照片' })).toBeVisible();
  await manager.getByRole('button', { name: '同意，提交运营' }).click();
  await expect(manager.getByText('待运营处理')).toBeVisible();

  await goto(admin, appeal);
  await admin.getByRole('button', { name: '采纳', exact: true }).click();
  await expect(admin.getByText('已采纳').first()).toBeVisible();
  await expect(admin.getByText('更正：数量改为 40')).toBeVisible();
  await goto(admin, '/flow/periods');
  await period(admin, month).getByText('关账', { exact: true }).first().click();
  await expect(period(admin, month).getByText(/目前还有 1 条未确认/)).toBeVisible();
  await period(admin, month).getByRole('button', { name: '关账' }).click();
  await expect(period(admin, month).getByText('已关账').first()).toBeVisible();

  // What comes later is an adjustment of the next month, and the spelling needs nobody any more.
  await upload(admin, [line(5, other, '11')]);
  await expect(admin.getByText('其中 1 条的月份已关账')).toBeVisible();
  await expect(stat(admin, '已匹配').first()).toHaveText('1');
  await apply(admin, 1);

  // 30 + 40 + 7: the correction stands in the report, the late line does not.
  await goto(admin, `/flow/report?by=terminal&from=${month}&to=${month}`);
  await expect(stat(admin, '数量').first()).toHaveText('77');
  await expectAccessible(admin);
  await expectNoSidewaysScroll(admin);
  const [download] = await Promise.all([admin.waitForEvent('download'), admin.getByRole('link', { name: '下载 Excel' }).click()]);
  expect(download.suggestedFilename()).toBe('mailuo-flow.xlsx');

  // A medical rep sees quantities to confirm and no sums.
  await goto(page, `/flow/terminals/${id}?month=${month}`);
  await expect(page.getByText('去年同期')).toHaveCount(0);
  await expect(page.getByRole('button', { name: /^确认 / })).toHaveCount(0);
});

test('a terminal is confirmed without JavaScript @nojs', async ({ page }) => {
  await signIn(page, REP);
  await goto(page, '/flow');
  await page.locator('main li a[href^="/flow/terminals/"]').first().click();
  await page.waitForURL(/\/flow\/terminals\//);
  await hydrated(page);
  const open = page.getByRole('button', { name: /^确认 / });
  const undo = page.getByRole('button', { name: '撤回确认' });
  if ((await open.count()) > 0) {
    const before = await open.count();
    await open.first().click();
    await expect(page.getByText('已确认。')).toBeVisible();
    await hydrated(page);
    await expect(open).toHaveCount(before - 1);
    await undo.first().click();
    await expect(page.getByText('已撤回确认。')).toBeVisible();
  }
});

test('the catalogue is read on the phone and kept at the desk', async ({ page, newPerson }) => {
  const code = `E${Date.now()}`;
  await signIn(page, ADMIN);
  await goto(page, '/products/new');
  await page.getByLabel('产品编码').fill(code);
  await page.getByLabel('通用名称').fill('演示新品');
  await page.getByRole('button', { name: '保存' }).click();
  await page.getByLabel('规格').fill('10mg*10片');
  await page.getByRole('button', { name: '保存' }).click();
  await page.waitForURL(/\/products\/[0-9a-f-]{20,}/);
  await hydrated(page);
  await page.getByText('设置价格').click();
  await page.getByLabel('价格类型').selectOption({ label: '供货价' });
  await page.getByLabel('生效日期').first().fill('2026-01-01');
  await page.getByLabel('单价（元）').fill('12.5');
  await page.getByRole('button', { name: '保存' }).first().click();
  await expect(page.getByText(/¥12\.50/)).toBeVisible();
  await expect(page.locator('li').filter({ hasText: '¥12.50' })).toContainText('供货价');
  await expectAccessible(page);
  const rep = await newPerson();
  await signIn(rep, REP);
  await goto(rep, `/products?text=${code}`);
  await rep.getByRole('link', { name: /演示新品/ }).click();
  await expect(rep.getByText(/¥12\.50/)).toBeVisible();
  await expect(rep.getByRole('button', { name: '停售' })).toHaveCount(0);
  await expectNoSidewaysScroll(rep);
});
