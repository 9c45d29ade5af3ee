// A rep checks in: with and without JavaScript, with and without a position, and through a broken line.

import type { Page } from '@playwright/test';
import { expect, expectAccessible, expectNoSidewaysScroll, goto, hasJs, signIn, test } from '../fixtures';
import { MARKETER, REP } from '../steps';

/** How many check-ins today has. */
const today = async (page: Page) => Number((await page.getByRole('heading', { level: 2 }).textContent())!.match(/\d+/)![0]);
const stops = (page: Page) => page.locator('main section ol > li');
/** Agrees where one has not yet. */
const agree = async (page: Page) => {
  const box = page.getByRole('checkbox', { name: '我同意在打卡时读取我的位置' });
  if (await box.isVisible()) await box.check();
};

test('a press stores one check-in and the day shows it @nojs', async ({ page, context }) => {
  await context.grantPermissions(['geolocation']);
  await context.setGeolocation({ latitude: 39.9042, longitude: 116.4074, accuracy: 20 });
  await signIn(page, REP);
  await goto(page, '/checkin');
  await expect(page.getByText('只在按下按钮时读取一次')).toBeVisible();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  const before = await today(page);
  await agree(page);
  await page.getByRole('button', { name: '签到' }).click();
  await expect(page.getByText('已打卡')).toBeVisible();
  expect(await today(page)).toBe(before + 1);
  // Without JavaScript there is no position, and the check-in is kept all the same.
  await expect(stops(page).last().getByText('无位置')).toHaveCount(hasJs(page) ? 0 : 1);
  await page.getByRole('link', { name: '签到表' }).click();
  await expect(page.getByRole('heading', { level: 1, name: '签到表' })).toBeVisible();
  await expectNoSidewaysScroll(page);
});

test('a broken line keeps check-ins on the phone and sends them once', async ({ page, context, problems }) => {
  problems.allow(/ERR_INTERNET_DISCONNECTED/);
  await context.grantPermissions(['geolocation']);
  await context.setGeolocation({ latitude: 39.9042, longitude: 116.4074, accuracy: 20 });
  await signIn(page, REP);
  await goto(page, '/checkin');
  const before = await today(page);
  await agree(page);
  await context.setOffline(true);
  const out = page.getByRole('button', { name: '签退' });
  await out.click();
  await expect(page.getByText('1 条打卡已保存在本机')).toBeVisible();
  await out.click();
  await expect(page.getByText('2 条打卡已保存在本机')).toBeVisible();
  await context.setOffline(false);
  await expect(page.getByText('已打卡')).toBeVisible();
  expect(await today(page)).toBe(before + 2);
  expect(await page.evaluate('Outbox.all().then((list) => list.length)')).toBe(0);
});

test('an imprecise position is flagged, and the consent is withdrawn', async ({ page, context }) => {
  await context.grantPermissions(['geolocation']);
  await context.setGeolocation({ latitude: 39.9042, longitude: 116.4074, accuracy: 900 });
  await signIn(page, REP);
  await goto(page, '/checkin');
  await agree(page);
  await page.getByLabel('现场照片').setInputFiles({ name: 'a.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('MZ') });
  await page.getByRole('button', { name: '签到' }).click();
  await expect(page.getByText('照片须为 JPEG')).toBeVisible();
  await page.getByLabel('现场照片').setInputFiles('docs/images/read-phone.png');
  await page.getByRole('button', { name: '签到' }).click();
  await expect(page.getByText('已打卡')).toBeVisible();
  await expect(stops(page).last().getByText('定位不准')).toBeVisible();
  await expect(stops(page).last().getByRole('link', { name: '查看照片' })).toBeVisible();
  await page.getByRole('button', { name: '撤回位置授权' }).click();
  await expect(page.getByRole('checkbox', { name: '我同意在打卡时读取我的位置' })).toBeVisible();
});

test('who refuses the position checks in without it, and who does not work in the field has no button', async ({
  page,
  context,
  newPerson,
}) => {
  await context.clearPermissions();
  await signIn(page, REP);
  await goto(page, '/checkin');
  const before = await today(page);
  await agree(page);
  await page.getByRole('button', { name: '签到' }).click();
  await expect(page.getByText('已打卡')).toBeVisible({ timeout: 20_000 });
  expect(await today(page)).toBe(before + 1);
  await expect(stops(page).last().getByText('无位置')).toBeVisible();
  const marketer = await newPerson();
  await signIn(marketer, MARKETER);
  expect((await goto(marketer, '/checkin'))!.status()).toBe(403);
});
