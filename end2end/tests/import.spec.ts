// The import page, on the desktop where it is used: preview, reasons by row, applying, again.

import { readFileSync } from 'node:fs';
import { expect, expectAccessible, goto, hydrated, signIn, test } from '../fixtures';
import { ADMIN, stat } from '../steps';

const FILE = 'demo/hcps-dirty-gbk.csv';

test('the dirty file is previewed, its valid rows go in, and the second time nothing is to do', async ({ page }) => {
  test.skip(page.viewportSize()!.width < 1000, 'used at a desk');
  const upload = async () => {
    await goto(page, '/import');
    await page.getByLabel('数据类型').selectOption({ label: '客户' });
    await page.getByLabel('文件').setInputFiles(FILE);
    await page.getByRole('button', { name: '上传并检查' }).click();
    await page.waitForURL(/file=/);
    await hydrated(page);
    await expect(page.getByRole('heading', { name: '检查结果' })).toBeVisible();
  };
  // The truth: what the file's maker wrote down.
  const faults = new Map<string, number[]>();
  for (const text of readFileSync('demo/hcps-dirty-gbk.faults.txt', 'utf8').split('\n')) {
    const match = /^(.+?): \[([\d, ]+)\]/.exec(text);
    if (match && !match[1].includes('应自动修正')) faults.set(match[1], match[2].split(',').map(Number));
  }
  const count = [...faults.values()].reduce((sum, rows) => sum + rows.length, 0);

  await signIn(page, ADMIN);
  await upload();
  const rows = Number(await stat(page, '总行数').textContent());
  expect(rows).toBeGreaterThan(300);
  await expect(stat(page, '问题数据').first()).toHaveText(String(count));
  const created = Number(await stat(page, '新增').textContent());
  const updated = Number(await stat(page, '更新').textContent());
  const unchanged = Number(await stat(page, '无变化').textContent());
  expect(created + updated + unchanged).toBe(rows - count);
  expect(created).toBeGreaterThan(0);
  const told = new Map<string, number[]>();
  for (const row of await page.locator('tbody tr').all()) {
    const [number, , reason] = await row.locator('td').allTextContents();
    told.set(reason, [...(told.get(reason) ?? []), Number(number)]);
  }
  expect(Object.fromEntries([...told].sort())).toEqual(Object.fromEntries([...faults].sort()));
  await expectAccessible(page);

  // Without the box ticked nothing goes in.
  await page.getByRole('button', { name: `导入 ${created + updated} 条变更` }).click();
  await expect(page.getByText('文件中有问题数据，尚未导入。')).toBeVisible();
  await page.getByRole('checkbox', { name: `跳过 ${count} 条问题数据` }).check();
  await page.getByRole('button', { name: /^导入 \d+ 条变更$/ }).click();
  await expect(page.getByText('导入完成。')).toBeVisible();

  await upload();
  await expect(page.getByText('没有需要导入的变更。')).toBeVisible();
  await expect(stat(page, '新增')).toHaveText('0');
  await expect(stat(page, '更新')).toHaveText('0');
  await expect(stat(page, '无变化')).toHaveText(String(rows - count));
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
