// What doctor and visitor do, also without JavaScript and in WeChat's browser.

import { expect, expectAccessible, expectNoSidewaysScroll, goto, signIn, test } from '../fixtures';
import { MANAGER, PUBLIC_ARTICLE, REP, acceptInvitation, children, line, makeCode, makeLink, onboardFreshHcp, openArticle, openFreshHcp, read, rootFor, stat, today } from '../steps';

test('a doctor is onboarded, reads and passes on; visitors read @nojs @wechat', async ({ page: rep, newPerson }) => {
  test.setTimeout(120_000);
  await signIn(rep, REP);
  const doctor = await newPerson();
  const hcp = await onboardFreshHcp(rep, doctor);
  const article = await openArticle(rep, PUBLIC_ARTICLE);
  const link = await makeLink(rep, hcp);

  const own = await read(doctor, link);
  expect(own).not.toBe(link);
  await doctor.getByRole('button', { name: '收藏' }).click();
  await expect(doctor.getByRole('button', { name: '已收藏' })).toBeVisible();
  await doctor.getByRole('button', { name: '转发' }).click();
  await expect(doctor.locator('#shared svg')).toBeVisible();
  expect(await doctor.getByLabel('文章链接').inputValue()).toBe(own);
  await expectNoSidewaysScroll(doctor);
  await expectAccessible(doctor);

  const visitor = await newPerson();
  const visitorsOwn = await read(visitor, own);
  const second = await newPerson();
  await read(second, visitorsOwn);
  await second.getByRole('link', { name: '全部文章' }).click();
  await expect(second.getByRole('heading', { level: 1, name: '内容库' })).toBeVisible();

  await goto(rep, `/articles/${article}/tree`);
  const root = rootFor(rep, hcp.name).filter({ hasText: `${today()} 给` }).filter({ has: rep.locator(`a[href="/hcps/${hcp.id}"]`) });
  await expect(line(root)).toContainText('下级合计 PV 3、UV 3');
  await expect(line(children(root))).toContainText('阅读 1 次 · 分享次数 1（已发起 1） · 下级合计 PV 2、UV 2 · 直接 PV 1、UV 1');
  await expect(line(children(children(root)))).toContainText('访客（1 人）');
});

test('who declines to be named counts as a visitor, and can change that @nojs', async ({ page: rep, newPerson }) => {
  await signIn(rep, REP);
  const doctor = await newPerson();
  const hcp = await onboardFreshHcp(rep, doctor, false);
  const article = await openArticle(rep, PUBLIC_ARTICLE);
  const link = await makeLink(rep, hcp);
  await read(doctor, link);

  await goto(rep, `/articles/${article}/tree`);
  const root = rootFor(rep, hcp.name).filter({ hasText: `${today()} 给` }).last();
  await expect(line(root)).toContainText('下级合计 PV 1、UV 1');
  expect((await children(root).first().textContent())!).toMatch(/^访客（1 人）阅读 1 次/);
  await goto(rep, `/hcps/${hcp.id}?tab=portrait`);
  await expect(rep.getByText('不显示个人画像')).toBeVisible();

  await goto(doctor, '/me');
  await expectAccessible(doctor);
  const item = doctor.getByRole('listitem').filter({ hasText: '实名阅读统计' });
  await item.getByRole('button', { name: '同意' }).click();
  await expect(item.getByText('已授权')).toBeVisible();
  await goto(rep, `/hcps/${hcp.id}?tab=portrait`);
  await expect(stat(rep, '浏览量 PV').first()).toHaveText('0');
});

test('a wrong code is said beside its field, and a refreshed QR ends the old one @nojs @wechat', async ({ page: rep, newPerson }) => {
  await signIn(rep, REP);
  const hcp = await openFreshHcp(rep);
  const old = await makeCode(rep);
  // Within five seconds of the first the press counts as a double tap.
  await rep.waitForTimeout(5_200);
  await rep.getByRole('button', { name: '换一个二维码' }).click();
  await expect.poll(() => rep.getByLabel('邀请链接').inputValue()).not.toBe(old);
  const code = await rep.getByLabel('邀请链接').inputValue();

  const doctor = await newPerson();
  await goto(doctor, old);
  await expect(doctor.getByRole('heading', { name: '这个二维码已撤销' })).toBeVisible();
  await goto(doctor, code);
  await doctor.getByRole('checkbox', { name: '身份登记' }).check();
  await doctor.getByRole('button', { name: /发送验证码/ }).click();
  await doctor.getByLabel('短信验证码').fill('12345');
  await doctor.getByRole('button', { name: '确认并完成登记' }).click();
  await expect(doctor.getByText('验证码错误或已失效')).toBeVisible();
  await expectAccessible(doctor);
  await expect(doctor.getByRole('checkbox', { name: '身份登记' })).toBeChecked();
  // A second code within the minute is refused with the time to wait.
  await doctor.getByRole('button', { name: '重新发送验证码' }).click();
  await expect(doctor.getByText(/可在 \d+ 秒后重新发送/)).toBeVisible();
  await goto(rep, `/hcps/${hcp.id}`);
  await expect(rep.getByText('已邀请', { exact: true })).toBeVisible();
});
