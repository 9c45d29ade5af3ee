// A terminal's master data: entered, changed and looked at; who may.

import { expect, expectAccessible, expectNoSidewaysScroll, goto, hydrated, signIn, test } from '../fixtures';
import { ADMIN, MANAGER } from '../steps';

// With JavaScript a refused form is answered in the background.
test.use({ allow: /status of 422/ });

test('a hospital is entered, corrected, renamed and found by its former name @nojs', async ({ page }) => {
  test.setTimeout(120_000);
  const stamp = Date.now().toString(36);
  const name = `江边医院${stamp}`;
  await signIn(page, ADMIN);
  await goto(page, '/terminals');
  await page.getByRole('link', { name: '新建终端' }).click();
  await page.waitForURL(/\/terminals\/new$/);
  await hydrated(page);
  await page.locator('input[name="name"]').fill(name);
  await page.locator('input[name="code"]').fill(`E2E-${stamp}`);
  await page.getByLabel('省份').fill('湖北省');
  await page.getByLabel('城市').fill('武汉市');
  await page.locator('textarea[name="aliases"]').fill(`江医${stamp}`);
  await page.locator('textarea[name="departments"]').fill('心血管内科\n儿科');
  const first = page.getByRole('group', { name: '第 1 段', exact: true });
  await first.getByLabel('星期').selectOption({ label: '周二' });
  await first.getByLabel('开始').fill('15:00');
  await first.getByLabel('结束').fill('14:00');
  await first.getByLabel('地点').fill('示教室');
  await first.getByLabel('需预约').check();
  await page.getByRole('button', { name: '保存' }).click();

  // The message says which row, and nothing that was typed is lost.
  await expect(page.getByText('第 1 段：结束时间须晚于开始时间')).toBeVisible();
  await expect(page.locator('input[name="name"]')).toHaveValue(name);
  await expect(first.getByLabel('地点')).toHaveValue('示教室');
  await expect(first.getByLabel('需预约')).toBeChecked();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  await first.getByLabel('结束').fill('16:30');
  await page.getByRole('button', { name: '保存' }).click();
  await page.waitForURL(/\/terminals\/(?!new)[^/?]+(\?|$)/);
  await hydrated(page);
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  await expect(page.getByText('15:00–16:30')).toBeVisible();
  await expect(page.getByText('需预约')).toBeVisible();
  await expect(page.getByText('还没有修改记录。')).toBeVisible();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);

  await page.getByRole('link', { name: '编辑', exact: true }).click();
  await page.waitForURL(/\/edit$/);
  await hydrated(page);
  const renamed = `新江边医院${stamp}`;
  await page.locator('input[name="name"]').fill(renamed);
  await page.getByRole('group', { name: '第 1 段', exact: true }).getByLabel('删除这一段').check();
  await page.getByRole('button', { name: '保存' }).click();
  await page.waitForURL(/\/terminals\/(?!new)[^/?]+(\?|$)/);
  await hydrated(page);
  await expect(page.getByRole('heading', { level: 1, name: renamed })).toBeVisible();
  await expect(page.getByText('还没有登记接待时间。')).toBeVisible();
  await expect(page.locator('del', { hasText: name })).toBeVisible();

  await goto(page, `/terminals?text=${encodeURIComponent(`江医${stamp}`)}`);
  await expect(page.locator('main').getByRole('link', { name: renamed })).toBeVisible();
  await goto(page, `/terminals?text=${encodeURIComponent(name)}`);
  await expect(page.locator('main').getByRole('link', { name: renamed })).toBeVisible();
});

test('a manager looks at a hospital and does not change it @nojs', async ({ page }) => {
  await signIn(page, MANAGER);
  await goto(page, '/terminals?assigned=yes&sort=code');
  await expectNoSidewaysScroll(page);
  await expect(page.getByRole('link', { name: '新建终端' })).toHaveCount(0);
  await page.locator('main ul a[href^="/terminals/"]').first().click();
  await page.waitForURL(/\/terminals\/[^/?]+$/);
  await hydrated(page);
  await expect(page.getByRole('heading', { level: 2, name: '接待时间' })).toBeVisible();
  await expect(page.getByText('当前', { exact: true }).first()).toBeVisible();
  await expect(page.getByRole('link', { name: '编辑', exact: true })).toHaveCount(0);
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  await page.getByRole('link', { name: /^查看客户/ }).click();
  await page.waitForURL(/\/hcps\?terminal=/);
});

test('terminals are given to a colleague at once, after a preview @nojs', async ({ page }) => {
  test.setTimeout(120_000);
  const stamp = Date.now().toString(36);
  await signIn(page, ADMIN);
  for (const n of [1, 2]) {
    await goto(page, '/terminals/new');
    await page.locator('input[name="name"]').fill(`移交${stamp}医院${n}`);
    await page.locator('input[name="code"]').fill(`M-${stamp}-${n}`);
    // The second is a branch of the first, and takes no goods for now.
    if (n === 2) {
      await page.getByLabel('所属集团或连锁').fill(`M-${stamp}-1`);
      await page.getByLabel('状态').selectOption({ label: '暂停' });
    }
    await page.getByRole('button', { name: '保存' }).click();
    await page.waitForURL(/\/terminals\/(?!new)[^/?]+(\?|$)/);
    await hydrated(page);
  }
  await expect(page.getByText('该终端当前状态：暂停')).toBeVisible();
  await page.getByRole('link', { name: `移交${stamp}医院1` }).click();
  await expect(page.getByRole('link', { name: `移交${stamp}医院2` })).toBeVisible();

  await goto(page, '/terminals');
  await page.getByRole('link', { name: '批量移交' }).click();
  await page.waitForURL(/\/terminals\/move/);
  await hydrated(page);
  await page.locator('input[name="text"]').fill(stamp);
  await page.getByLabel('移交给').fill('没有这个人');
  await page.getByRole('button', { name: '预览' }).click();
  await expect(page.locator('main').getByRole('alert')).toBeVisible();
  await expect(page.locator('input[name="text"]')).toHaveValue(stamp);
  const colleague = (await page.locator('#reps option').first().getAttribute('value'))!;
  await hydrated(page);
  await page.getByLabel('移交给').fill(colleague);
  await page.getByLabel('业务线').fill('急救');
  await page.getByRole('button', { name: '预览' }).click();
  await expect(page.getByText('急救，自')).toBeVisible();
  await expect(page.getByRole('link', { name: `移交${stamp}医院1` })).toBeVisible();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  await hydrated(page);
  await page.getByRole('button', { name: '移交 2 家终端' }).click();
  await expect(page.getByText('终端已移交。')).toBeVisible();
  await goto(page, `/terminals?text=${stamp}`);
  await expect(page.getByText(/^急救 /)).toHaveCount(2);
  await expect(page.getByText(`属于 移交${stamp}医院1`)).toBeVisible();
  await expectAccessible(page);
});
