// Imports, on the desktop where they are used: the check, reasons by row, applying, mending, again.

import type { Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { expect, expectAccessible, expectNoSidewaysScroll, goto, hydrated, signIn, test } from '../fixtures';
import { ADMIN, stat } from '../steps';

// Applying without the box ticked is refused in the background.
test.use({ allow: /status of (409|422)/ });

const FILE = 'demo/hcps-dirty-gbk.csv';

/** The truth: what the file's maker wrote down, rows by reason. */
function faults(): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const text of readFileSync('demo/hcps-dirty-gbk.faults.txt', 'utf8').split('\n')) {
    const match = /^(.+?): \[([\d, ]+)\]/.exec(text);
    if (match && !match[1].includes('应自动修正')) found.set(match[1], match[2].split(',').map(Number));
  }
  return found;
}

/** Uploads a file of customers and waits until it is checked. */
async function upload(page: Page, buffer: Buffer, name = 'hcps-dirty-gbk.csv', mode = '覆盖') {
  await goto(page, '/import');
  await page.getByLabel('数据类型').selectOption({ label: '客户' });
  await page.getByRole('radio', { name: new RegExp(`^${mode}`) }).check();
  await page.getByLabel('文件', { exact: true }).setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
  await page.getByRole('button', { name: '上传并检查' }).click();
  await page.waitForURL(/\/import\/[0-9a-f-]{20,}/);
  await hydrated(page);
  await expect(page.getByRole('heading', { name: '检查结果' })).toBeVisible({ timeout: 30_000 });
}

async function expectCounts(page: Page, counts: Record<string, number>) {
  for (const [name, count] of Object.entries(counts)) await expect(stat(page, name).first(), name).toHaveText(String(count));
}

test('the preview names every fault of the dirty file by row and reason', async ({ page }) => {
  test.skip(page.viewportSize()!.width < 1000, 'used at a desk');
  await signIn(page, ADMIN);
  await upload(page, readFileSync(FILE));
  // 315 rows; the valid ones are in the demo data already, whatever their spaces and full-width digits.
  const invalid = [...faults().values()].reduce((sum, rows) => sum + rows.length, 0);
  expect(invalid).toBe(75);
  await expectCounts(page, { 总行数: 315, 新增: 0, 更新: 0, 无变化: 240, 问题数据: 75 });
  await expect(page.getByText('没有需要导入的变更。')).toBeVisible();
  const told = new Map<string, number[]>();
  for (const cells of await page.locator('tbody tr').evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent ?? '')))) {
    told.set(cells[2], [...(told.get(cells[2]) ?? []), Number(cells[0])]);
  }
  expect(Object.fromEntries([...told].sort())).toEqual(Object.fromEntries([...faults()].sort()));
  await expectAccessible(page);
});

test('valid rows go in when asked to skip the others, and only once', async ({ page }) => {
  test.skip(page.viewportSize()!.width < 1000, 'used at a desk');
  // The same file with new phones, plain ASCII in GB18030, in three rows without faults: three new people.
  const bytes = readFileSync(FILE);
  const lines = new TextDecoder('gb18030').decode(bytes).split(/\r?\n/);
  let file = bytes.toString('latin1');
  const stamp = Date.now().toString().slice(-7);
  for (const [i, row] of [2, 3, 4].entries()) {
    const phone = /\b1\d{10}\b/.exec(lines[row - 1])![0];
    file = file.replaceAll(phone, `198${stamp}${i}`);
  }
  const changed = Buffer.from(file, 'latin1');

  await signIn(page, ADMIN);
  await upload(page, changed);
  await expectCounts(page, { 总行数: 315, 新增: 3, 更新: 0, 无变化: 237, 问题数据: 75 });
  const apply = page.getByRole('button', { name: '导入 3 条变更' });
  await apply.click();
  await expect(page.getByText('文件中有问题数据，尚未导入。')).toBeVisible();
  await page.getByRole('checkbox', { name: '跳过 75 条问题数据' }).check();
  await apply.click();
  await expect(page.getByText('导入完成。')).toBeVisible({ timeout: 30_000 });

  await upload(page, changed);
  await expectCounts(page, { 总行数: 315, 新增: 0, 更新: 0, 无变化: 240, 问题数据: 75 });
  await expect(page.getByText('没有需要导入的变更。')).toBeVisible();
});

test('what is no spreadsheet gets a clear message', async ({ page }) => {
  test.skip(page.viewportSize()!.width < 1000, 'used at a desk');
  await signIn(page, ADMIN);
  await goto(page, '/import');
  await page.getByLabel('文件', { exact: true }).setInputFiles({
    name: '客户.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64'),
  });
  await page.getByRole('button', { name: '上传并检查' }).click();
  await expect(page.getByText('无法读取文件，请上传 CSV、XLSX 或 XLS 文件。')).toBeVisible();
  await expect(page.getByRole('button', { name: '上传并检查' })).toBeVisible();

  await goto(page, '/import');
  await page.getByLabel('数据类型').selectOption({ label: '客户' });
  await page.getByLabel('文件', { exact: true }).setInputFiles({ name: 'a.csv', mimeType: 'text/csv', buffer: Buffer.from('姓名,医院\n王明,某医院\n') });
  await page.getByRole('button', { name: '上传并检查' }).click();
  await expect(page.getByText('缺少以下列，请补充后重新上传：手机号')).toBeVisible();
});

test('refused rows are downloaded, mended and uploaded again; changes are shown before they happen', async ({ page }) => {
  test.skip(page.viewportSize()!.width < 1000, 'used at a desk');
  // A hospital of the demo data, as the dirty file names it.
  const lines = new TextDecoder('gb18030').decode(readFileSync(FILE)).split(/\r?\n/);
  const hospital = lines[1].split(',')[2];
  const region = lines[1].split(',').slice(6, 8).join(',');
  const stamp = Date.now().toString().slice(-7);
  const sheet = (...rows: string[]) => Buffer.from(['客户编码,姓名,手机号,医院,省份,城市,科室', ...rows].join('\n'));
  const good = `E${stamp},钱导入,197${stamp}1,${hospital},${region},心血管内科`;

  await signIn(page, ADMIN);
  await upload(page, sheet(good, `F${stamp},孙待改,197${stamp},${hospital},${region},呼吸科`), '新客户.csv');
  await expectCounts(page, { 总行数: 2, 新增: 1, 问题数据: 1 });
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: '下载问题数据（1 行）' }).click()]);
  const workbook = readFileSync(await download.path());
  expect(workbook.subarray(0, 2).toString()).toBe('PK');
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  await page.getByRole('checkbox', { name: '跳过 1 条问题数据' }).check();
  await page.getByRole('button', { name: '导入 1 条变更' }).click();
  await expect(page.getByText('导入完成。')).toBeVisible({ timeout: 30_000 });

  // The workbook itself goes in as a file: the same row, the same reason, not two columns more.
  await upload(page, workbook, '问题数据.xlsx');
  await expectCounts(page, { 总行数: 1, 新增: 0, 问题数据: 1 });
  await expect(page.getByRole('cell', { name: '手机号格式错误' })).toBeVisible();

  // Mended, with a change to the one who is in already.
  const mended = sheet(good.replace('心血管内科', '老年科'), `F${stamp},孙待改,197${stamp}2,${hospital},${region},呼吸科`);
  await upload(page, mended, '新客户.csv', '补充');
  await expectCounts(page, { 新增: 1, 更新: 0, 无变化: 1 });
  await page.getByLabel('记录已存在时').selectOption({ label: '覆盖：以文件内容为准，空单元格不清除已有内容' });
  await page.getByRole('button', { name: '重新检查' }).click();
  const change = page.getByRole('row', { name: /科室 心血管内科 老年科/ });
  await expect(change).toBeVisible({ timeout: 30_000 });
  await page.getByRole('button', { name: '导入 2 条变更' }).click();
  await expect(page.getByText('导入完成。')).toBeVisible({ timeout: 30_000 });
  await page.getByRole('link', { name: '导入记录' }).click();
  await page.waitForURL(/\/import$/);
  await expect(page.getByRole('link', { name: /新客户\.csv.*已完成/ }).first()).toBeVisible();
});
