// The import page, on the desktop where it is used: preview, reasons by row, applying, again.

import type { Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { expect, expectAccessible, goto, hydrated, signIn, test } from '../fixtures';
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

async function upload(page: Page, buffer: Buffer) {
  await goto(page, '/import');
  await page.getByLabel('数据类型').selectOption({ label: '客户' });
  await page.getByLabel('文件').setInputFiles({ name: 'hcps-dirty-gbk.csv', mimeType: 'text/csv', buffer });
  await page.getByRole('button', { name: '上传并检查' }).click();
  await page.waitForURL(/file=/);
  await hydrated(page);
  await expect(page.getByRole('heading', { name: '检查结果' })).toBeVisible();
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
  await expect(page.getByText('导入完成。')).toBeVisible();

  await upload(page, changed);
  await expectCounts(page, { 总行数: 315, 新增: 0, 更新: 0, 无变化: 240, 问题数据: 75 });
  await expect(page.getByText('没有需要导入的变更。')).toBeVisible();
});

test('what is no spreadsheet gets a clear message', async ({ page }) => {
  test.skip(page.viewportSize()!.width < 1000, 'used at a desk');
  await signIn(page, ADMIN);
  await goto(page, '/import');
  await page.getByLabel('文件').setInputFiles({
    name: '客户.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64'),
  });
  await page.getByRole('button', { name: '上传并检查' }).click();
  await expect(page.getByText('无法读取文件，请上传 CSV、XLSX 或 XLS 文件。')).toBeVisible();
  await expect(page.getByRole('button', { name: '上传并检查' })).toBeVisible();

  await goto(page, '/import');
  await page.getByLabel('数据类型').selectOption({ label: '客户' });
  await page.getByLabel('文件').setInputFiles({ name: 'a.csv', mimeType: 'text/csv', buffer: Buffer.from('姓名,医院\n王明,某医院\n') });
  await page.getByRole('button', { name: '上传并检查' }).click();
  await expect(page.getByText('缺少以下列，请补充后重新上传：手机号')).toBeVisible();
});
