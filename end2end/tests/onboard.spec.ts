// Self-registration of a doctor whom nobody knows, and the steward's decision.

import type { Page } from '@playwright/test';
import { expect, expectAccessible, expectNoSidewaysScroll, goto, lastOtp, signIn, test } from '../fixtures';
import { COMPLIANCE, PROFESSIONAL_ARTICLE, REP, makeLink, openArticle } from '../steps';

const strangersPhone = () => `199${Date.now().toString().slice(-8)}`;

async function verifyPhone(page: Page, phone: string) {
  await page.getByLabel('手机号').fill(phone);
  await page.getByRole('button', { name: '发送验证码' }).click();
  await expect(page.getByText('验证码已发送，5 分钟内有效。')).toBeVisible();
  await page.getByLabel('短信验证码').fill(await lastOtp(phone));
  await page.getByRole('button', { name: '验证手机号' }).click();
  await expect(page.getByRole('heading', { name: '填写资料' })).toBeVisible();
}

/** From the screen of consents: agrees to the registration alone, looks once more, and confirms. */
async function agreeAndConfirm(page: Page) {
  await expect(page.getByRole('heading', { name: '逐项授权' })).toBeVisible();
  await page.getByRole('checkbox', { name: '身份登记' }).check();
  await page.getByRole('button', { name: '下一步' }).click();
  await expect(page.getByRole('heading', { name: '确认信息' })).toBeVisible();
  await page.getByRole('button', { name: '确认并完成登记' }).click();
}

test('a stranger registers from a professional link, waits, is approved, and reads @nojs', async ({ page: rep, newPerson }) => {
  test.setTimeout(120_000);
  await signIn(rep, REP);
  await openArticle(rep, PROFESSIONAL_ARTICLE);
  const link = await makeLink(rep);

  const doctor = await newPerson();
  expect((await goto(doctor, link))!.status()).toBe(403);
  await expect(doctor.getByRole('heading', { name: '本文仅供医务人员阅读' })).toBeVisible();
  expect(await doctor.locator('#article').count()).toBe(0);
  await expectAccessible(doctor);
  await doctor.getByRole('link', { name: '我是医务人员' }).click();
  await expect(doctor.getByRole('heading', { name: '医务人员登记' })).toBeVisible();

  // A phone that is none.
  await doctor.getByLabel('手机号').fill('12');
  await doctor.getByRole('button', { name: '发送验证码' }).click();
  await expect(doctor.getByText('请填写 11 位手机号')).toBeVisible();
  const phone = strangersPhone();
  await verifyPhone(doctor, phone);

  // As rare as the phone: the test runs in several browsers on one database.
  const name = `易${[...phone.slice(-5)].map((digit) => '甲乙丙丁戊己庚辛壬癸'[Number(digit)]).join('')}`;
  await doctor.getByRole('textbox', { name: '姓名' }).fill(name);
  await doctor.locator('input[name="hospital"]').fill('北京大学');
  await doctor.getByRole('textbox', { name: '职称' }).fill('主治医师');
  await expectAccessible(doctor);
  await doctor.getByRole('button', { name: '下一步' }).click();
  // The department is missing; what was typed stays.
  await expect(doctor.getByText('请填写或选择此项')).toBeVisible();
  await expect(doctor.getByRole('textbox', { name: '姓名' })).toHaveValue(name);
  await doctor.getByRole('textbox', { name: '科室' }).fill('心血管内科');
  await doctor.getByRole('button', { name: '下一步' }).click();
  await expect(doctor.getByText('请选择您的医院')).toBeVisible();
  await expectAccessible(doctor);
  await expectNoSidewaysScroll(doctor);
  await doctor.getByRole('radio', { name: /^北京大学国际医院/ }).first().check();
  await doctor.getByRole('button', { name: '下一步' }).click();
  await expect(doctor.getByRole('heading', { name: '逐项授权' })).toBeVisible();
  await expect(doctor.getByRole('checkbox', { checked: true })).toHaveCount(0);
  await expectAccessible(doctor);
  await doctor.getByRole('button', { name: '下一步' }).click();
  await expect(doctor.getByText('登记需要同意此项')).toBeVisible();
  await doctor.getByRole('checkbox', { name: '身份登记' }).check();
  await doctor.getByRole('button', { name: '下一步' }).click();
  await expect(doctor.getByRole('heading', { name: '确认信息' })).toBeVisible();
  await expect(doctor.getByText(name)).toBeVisible();
  await expectAccessible(doctor);
  await expectNoSidewaysScroll(doctor);
  // Back to the consents and on again: nothing is lost.
  await doctor.getByRole('button', { name: '修改授权' }).click();
  await expect(doctor.getByRole('checkbox', { name: '身份登记' })).toBeChecked();
  await doctor.getByRole('button', { name: '下一步' }).click();
  await doctor.getByRole('button', { name: '确认并完成登记' }).click();
  await expect(doctor.getByRole('heading', { name: '登记已提交' })).toBeVisible();

  // Professional content stays closed until a steward has looked.
  expect((await goto(doctor, link))!.status()).toBe(403);
  await expect(doctor.getByText('正在审核')).toBeVisible();

  const steward = await newPerson();
  await signIn(steward, COMPLIANCE);
  await goto(steward, '/hcps/pending');
  const card = steward.locator('section').filter({ hasText: name });
  await expect(card.getByText('北京大学国际医院').first()).toBeVisible();
  await expectAccessible(steward);
  await card.getByRole('button', { name: '作为新客户通过' }).click();
  await expect(steward.locator('section').filter({ hasText: name })).toHaveCount(0);
  await goto(steward, `/hcps?text=${encodeURIComponent(name)}`);
  await expect(steward.locator('main tbody tr').filter({ hasText: name }).filter({ hasText: '已入库' })).toHaveCount(1);

  await goto(doctor, link);
  await expect(doctor.getByRole('heading', { level: 1, name: PROFESSIONAL_ARTICLE })).toBeVisible();
  expect(doctor.url().split('?')[0]).not.toBe(link);
});

test('a steward refuses, and the browser is a visitor again @nojs', async ({ page: steward, newPerson }) => {
  const doctor = await newPerson();
  await goto(doctor, '/onboard');
  const phone = strangersPhone();
  await verifyPhone(doctor, phone);
  const name = `拒${phone.slice(-6)}`;
  await doctor.getByRole('textbox', { name: '姓名' }).fill(name);
  await doctor.locator('input[name="hospital"]').fill('北京大学');
  await doctor.getByRole('textbox', { name: '科室' }).fill('心血管内科');
  await doctor.getByRole('button', { name: '下一步' }).click();
  await doctor.getByRole('radio', { name: '都不是' }).check();
  await doctor.getByRole('button', { name: '下一步' }).click();
  await agreeAndConfirm(doctor);
  await expect(doctor.getByRole('heading', { name: '登记已提交' })).toBeVisible();

  await signIn(steward, COMPLIANCE);
  await goto(steward, '/hcps/pending');
  const card = steward.locator('section').filter({ hasText: name });
  await card.locator('summary').getByText('不通过').click();
  await card.getByLabel('不通过的原因').fill(`医院查无 ${name}`);
  await card.getByRole('button', { name: '不通过' }).click();
  await expect(steward.locator('section').filter({ hasText: name })).toHaveCount(0);
  await goto(steward, '/hcps/pending?tab=refused');
  await expect(steward.getByText(`原因：医院查无 ${name}`)).toBeVisible();
  await goto(doctor, '/me');
  expect(new URL(doctor.url()).pathname).toBe('/onboard');
});
