// Staff forms: messages beside the fields, what was typed kept, a notice after success, once only; language and theme.

import { expect, expectAccessible, goto, hydrated, signIn, test } from '../fixtures';
import { ADMIN, OTC_REP, TRADE_REP } from '../steps';

// With JavaScript a refused form is answered in the background.
test.use({ allow: /status of 422/ });

const phoneNumber = () => `137${Date.now().toString().slice(-8)}`;
const unique = () => `甲${Date.now().toString(36).slice(-6)}`;

test('a new person: the message stands beside the field, what was typed is kept @nojs', async ({ page }) => {
  await signIn(page, ADMIN);
  await goto(page, '/people/new');
  const name = unique();
  await page.getByLabel('姓名').fill(name);
  await page.getByLabel('手机号').fill('12345');
  await page.getByLabel('角色').selectOption({ label: '市场部' });
  await page.getByRole('button', { name: '保存' }).click();
  const field = page.locator('label').filter({ has: page.locator('input[name="phone"]') });
  await expect(field.getByText('请填写 11 位手机号')).toBeVisible();
  await expect(page.locator('input[name="phone"]')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.locator('input[name="name"]')).toHaveValue(name);
  await expect(page.locator('input[name="phone"]')).toHaveValue('12345');
  await expect(page.locator('select[name="role"]')).toHaveValue('marketer');
  await expectAccessible(page);

  await page.locator('input[name="phone"]').fill(phoneNumber());
  await page.getByRole('button', { name: '保存' }).click();
  await page.waitForURL(/\/people\/(?!new)[^/]+$/);
  await expect(page.getByText('已保存。')).toBeVisible();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
});

test('a double press makes one person @nojs', async ({ page }) => {
  await signIn(page, ADMIN);
  await goto(page, '/people/new');
  const name = unique();
  await page.getByLabel('姓名').fill(name);
  await page.getByLabel('手机号').fill(phoneNumber());
  // Two presses before any answer.
  await page.getByRole('button', { name: '保存' }).dblclick();
  await page.waitForURL(/\/people\/(?!new)[^/]+$/);
  await goto(page, `/people?text=${encodeURIComponent(name)}`);
  await expect(page.locator('tbody tr')).toHaveCount(1);
  // A phone that is taken is refused by name.
  await goto(page, '/people/new');
  await page.getByLabel('姓名').fill(name);
  await page.getByLabel('手机号').fill(ADMIN);
  await page.getByRole('button', { name: '保存' }).click();
  await expect(page.getByText('该手机号已被其他人员使用')).toBeVisible();
});

test('the language goes to English and back @nojs', async ({ page }) => {
  await signIn(page, TRADE_REP);
  await goto(page, '/account');
  await page.locator('select[name="locale"]').selectOption('en');
  await page.getByRole('button', { name: '保存' }).click();
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await hydrated(page);
  await expect(page.getByRole('button', { name: 'Save', exact: true })).toBeVisible();
  await expect(page.getByText('退出登录')).toHaveCount(0);
  await goto(page, '/');
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await goto(page, '/account');
  await page.locator('select[name="locale"]').selectOption('zh-CN');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  await expect(page.getByRole('heading', { level: 1, name: '我的' })).toBeVisible();
});

test('the dark theme is kept, on another device too @nojs', async ({ page, newPerson }) => {
  await signIn(page, OTC_REP);
  await goto(page, '/account');
  await page.locator('select[name="theme"]').selectOption('dark');
  await page.getByRole('button', { name: '保存' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await hydrated(page);
  await goto(page, '/articles');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  const elsewhere = await newPerson();
  await signIn(elsewhere, OTC_REP);
  await expect(elsewhere.locator('html')).toHaveAttribute('data-theme', 'dark');
  await goto(page, '/account');
  await page.locator('select[name="theme"]').selectOption('system');
  await page.getByRole('button', { name: '保存' }).click();
  await expect(page.locator('html')).not.toHaveAttribute('data-theme', 'dark');
});
