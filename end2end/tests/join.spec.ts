// Public codes: a rep makes one, doctors register through it, and the funnel tells how far they came. Withdrawing a
// consent on one's own page takes effect at once.

import type { Page } from '@playwright/test';
import { expect, expectAccessible, expectNoSidewaysScroll, goto, hasJs, hydrated, lastOtp, signIn, smsCount, test } from '../fixtures';
import { PUBLIC_ARTICLE, REP, makeLink, onboardFreshHcp, openArticle, openFreshHcp, read } from '../steps';

/** A fresh public code of the rep who is signed in; gives its page and its address. */
async function makeCode(rep: Page): Promise<{ page: string; address: string }> {
  await goto(rep, '/codes/new');
  await rep.getByRole('textbox', { name: '名称' }).fill(`学术年会 ${Date.now()}`);
  await rep.locator('select[name="kind"]').selectOption('meeting');
  await rep.getByRole('button', { name: '生成邀请码' }).click();
  await rep.waitForURL(/\/codes\/(?!new)[^/?]+/);
  await hydrated(rep);
  return { page: new URL(rep.url()).pathname, address: await rep.getByLabel('邀请地址').inputValue() };
}

async function verifyPhone(doctor: Page, phone: string) {
  await doctor.getByLabel('手机号').fill(phone);
  const before = smsCount(phone);
  await doctor.getByRole('button', { name: '发送验证码' }).click();
  await doctor.getByLabel('短信验证码').fill(await lastOtp(phone, before));
  await doctor.getByRole('button', { name: '验证手机号' }).click();
}

/** The number of visitors in the funnel's table. */
function visitors(rep: Page, step: string) {
  return rep.getByRole('row').filter({ has: rep.getByRole('cell', { name: step, exact: true }) }).getByRole('cell').nth(1);
}

test('a doctor on file joins through a code and is onboarded at once @nojs @wechat', async ({ page: rep, newPerson }) => {
  test.setTimeout(120_000);
  await signIn(rep, REP);
  const hcp = await openFreshHcp(rep);
  const code = await makeCode(rep);
  await expectAccessible(rep);
  await expectNoSidewaysScroll(rep);

  const doctor = await newPerson();
  await goto(doctor, code.address);
  await expect(doctor.getByRole('heading', { name: '医务人员登记' })).toBeVisible();
  await expectAccessible(doctor);
  await expectNoSidewaysScroll(doctor);
  await verifyPhone(doctor, hcp.phone);
  await expect(doctor.getByText('您的资料已在册')).toBeVisible();
  await expect(doctor.getByRole('checkbox', { checked: true })).toHaveCount(0);
  await doctor.getByRole('checkbox', { name: '身份登记' }).check();
  await doctor.getByRole('button', { name: '下一步' }).click();
  await expect(doctor.getByRole('heading', { name: '确认信息' })).toBeVisible();
  await doctor.getByRole('button', { name: '确认并完成登记' }).click();
  await expect(doctor.getByRole('heading', { name: '登记成功' })).toBeVisible();

  await goto(rep, code.page);
  for (const step of ['扫码', '验证手机', '填写完成', '确认登记']) {
    await expect(visitors(rep, step)).toHaveText('1');
  }
  await expect(rep.locator(`a[href="/hcps/${hcp.id}"]`)).toBeVisible();
  await goto(rep, `/hcps/${hcp.id}`);
  await expect(rep.getByText('已入库', { exact: true }).first()).toBeVisible();
});

test('a stranger joins, waits for a steward, and the code can be closed @nojs @wechat', async ({ page: rep, newPerson }) => {
  test.setTimeout(120_000);
  await signIn(rep, REP);
  const code = await makeCode(rep);
  const doctor = await newPerson();
  await goto(doctor, code.address);
  const phone = `198${Date.now().toString().slice(-8)}`;
  await verifyPhone(doctor, phone);
  await doctor.getByRole('textbox', { name: '姓名' }).fill(`会${phone.slice(-4)}`);
  const hospital = doctor.locator('input[name="hospital"]');
  if (hasJs(doctor)) {
    await hospital.pressSequentially('国际');
    await expect(doctor.locator('#hospitals option').first()).toBeAttached();
  }
  await hospital.fill('北京大学国际医院');
  await doctor.getByRole('textbox', { name: '科室' }).fill('心血管内科');
  await doctor.getByRole('button', { name: '下一步' }).click();
  await doctor.getByRole('checkbox', { name: '身份登记' }).check();
  await doctor.getByRole('button', { name: '下一步' }).click();
  await doctor.getByRole('button', { name: '修改资料' }).click();
  await expect(hospital).toHaveValue(/^北京大学国际医院/);
  await doctor.getByRole('button', { name: '下一步' }).click();
  await doctor.getByRole('button', { name: '下一步' }).click();
  await doctor.getByRole('button', { name: '确认并完成登记' }).click();
  await expect(doctor.getByRole('heading', { name: '登记已提交' })).toBeVisible();

  await goto(rep, `${code.page}/sheet`);
  await expect(rep.getByRole('img', { name: '邀请二维码' }).locator('svg')).toBeVisible();
  await expectAccessible(rep);
  await goto(rep, code.page);
  await expect(rep.getByText('另有 1 位')).toBeVisible();
  await rep.locator('summary').getByText('停用').click();
  await rep.getByRole('button', { name: '停用' }).click();
  await expect(rep.getByText('已停用', { exact: true }).first()).toBeVisible();

  const late = await newPerson();
  expect((await goto(late, code.address))!.status()).toBe(410);
  await expect(late.getByRole('heading', { name: '这个二维码已停用' })).toBeVisible();
  await late.getByRole('link', { name: '我是医务人员' }).click();
  await expect(late.getByRole('heading', { name: '医务人员登记' })).toBeVisible();
});

test('a consent withdrawn at /me ends at once @nojs @wechat', async ({ page: rep, newPerson }) => {
  test.setTimeout(120_000);
  await signIn(rep, REP);
  const doctor = await newPerson();
  const hcp = await onboardFreshHcp(rep, doctor);
  const article = await openArticle(rep, PUBLIC_ARTICLE);
  const link = await makeLink(rep);
  await read(doctor, link);
  await goto(rep, `/articles/${article}/tree`);
  const named = rep.locator(`ul.tree a[href="/hcps/${hcp.id}"]`);
  await expect(named).not.toHaveCount(0);

  await goto(doctor, '/me');
  await expectAccessible(doctor);
  await expectNoSidewaysScroll(doctor);
  const tracking = doctor.getByRole('listitem').filter({ hasText: '实名阅读统计' });
  await expect(tracking.getByText(/通过专属二维码同意/)).toBeVisible();
  await tracking.getByRole('button', { name: '撤回' }).click();
  await expect(tracking.getByText('未授权')).toBeVisible();
  await goto(rep, `/articles/${article}/tree`);
  await expect(named).toHaveCount(0);

  const registration = doctor.getByRole('listitem').filter({ hasText: '身份登记' });
  await registration.locator('summary').click();
  await registration.getByRole('button', { name: '确认撤回并注销登记' }).click();
  await expect(doctor.getByRole('heading', { name: '已撤回登记' })).toBeVisible();
  await goto(rep, `/hcps/${hcp.id}`);
  await expect(rep.getByText('未入库', { exact: true }).first()).toBeVisible();
  await goto(doctor, '/me');
  expect(new URL(doctor.url()).pathname).toBe('/onboard');
});
