// The whole loop: a rep invites and shares, a doctor is onboarded, reads and passes on, visitors read, and the numbers
// on the screens of rep and manager are those counted by hand.

import { readFileSync } from 'node:fs';
import { expect, expectAccessible, expectNoSidewaysScroll, goto, hydrated, lastOtp, signIn, smsCount, test } from '../fixtures';
import { MANAGER, PUBLIC_ARTICLE, REP, children, line, makeCode, makeLink, openArticle, openFreshHcp, read, rootFor, stat, today } from '../steps';

test('rep, doctor, visitors and manager go through the loop', async ({ page: rep, newPerson }) => {
  test.setTimeout(150_000);
  await signIn(rep, REP);
  const repName = (await rep.locator('main .font-semibold').filter({ hasNotText: '工作台' }).first().textContent())!.trim();
  const manager = await newPerson();
  await signIn(manager, MANAGER);
  const row = manager.locator('tbody tr').filter({ has: manager.getByRole('cell', { name: repName, exact: true }) });
  const pv = async () => {
    await goto(manager, '/shares');
    await expect(row).toHaveCount(1);
    return Number(await row.locator('td').nth(4).textContent());
  };
  const before = await pv();

  // The personal code.
  await rep.getByRole('link', { name: '客户', exact: true }).locator('visible=true').click();
  await rep.waitForURL('**/hcps');
  const hcp = await openFreshHcp(rep);
  const code = await makeCode(rep);
  expect(new URL(code).pathname).toMatch(/^\/i\/[\w-]{20,}$/);
  await expect(rep.getByText(/^有效期至 \d{4}-\d\d-\d\d \d\d:\d\d/)).toBeVisible();
  await expectNoSidewaysScroll(rep);

  // The doctor agrees and verifies the phone.
  const doctor = await newPerson();
  await goto(doctor, code);
  await expect(doctor.getByText(`医药代表${repName}邀请您`)).toBeVisible();
  expect(await doctor.content(), 'the phone is masked').not.toContain(hcp.phone);
  for (const box of await doctor.getByRole('checkbox').all()) await expect(box).not.toBeChecked();
  await expect(doctor.getByRole('checkbox')).toHaveCount(3);
  await expectAccessible(doctor);
  const sent = smsCount(hcp.phone);
  await doctor.getByRole('button', { name: /发送验证码/ }).click();
  await expect(doctor.getByText('登记需要同意此项，请勾选后继续。')).toBeVisible();
  expect(smsCount(hcp.phone), 'nothing is sent without consent').toBe(sent);
  await doctor.getByRole('checkbox', { name: '身份登记' }).check();
  await doctor.getByRole('checkbox', { name: '实名阅读统计' }).check();
  await doctor.getByRole('button', { name: /发送验证码/ }).click();
  await expect(doctor.getByText(/验证码已发送至/)).toBeVisible();
  await expect(doctor.getByRole('checkbox', { name: '实名阅读统计' })).toBeChecked();
  await expect(doctor.getByRole('checkbox', { name: '内容推送' })).not.toBeChecked();
  // Without it the rep could not make a link for them.
  await doctor.getByRole('checkbox', { name: '内容推送' }).check();
  await doctor.getByLabel('短信验证码').fill(await lastOtp(hcp.phone, sent));
  await doctor.getByRole('button', { name: '确认并完成登记' }).click();
  await expect(doctor.getByRole('heading', { name: '登记成功' })).toBeVisible();
  await goto(doctor, code);
  await expect(doctor.getByRole('heading', { name: '这个二维码已使用过' })).toBeVisible();

  await goto(rep, `/hcps/${hcp.id}`);
  await expect(rep.getByText('已入库', { exact: true })).toBeVisible();

  // The rep shares for this doctor.
  const article = await openArticle(rep, PUBLIC_ARTICLE);
  const link = await makeLink(rep, hcp);

  // The doctor reads at an address of their own, saves, and passes on.
  const requests: string[] = [];
  doctor.on('request', (request) => requests.push(request.url()));
  const doctorsOwn = await read(doctor, link);
  expect(doctorsOwn).toMatch(/\/s\/[\w-]{20,}$/);
  expect(doctorsOwn).not.toBe(link);
  await expect(doctor.getByRole('heading', { level: 1, name: PUBLIC_ARTICLE })).toBeVisible();
  await expect(doctor.getByText(/审批编号 .+ · 有效期至 \d{4}-\d\d-\d\d/)).toBeVisible();
  await doctor.locator('footer').scrollIntoViewIfNeeded();
  await expect(doctor.getByText('患者和访客始终不具名')).toBeVisible();
  await doctor.getByRole('button', { name: '收藏' }).click();
  await expect(doctor.getByRole('button', { name: '已收藏' })).toBeVisible();
  expect(doctor.url()).toBe(doctorsOwn);
  await doctor.getByRole('button', { name: '转发' }).click();
  await expect(doctor.locator('#shared svg')).toBeVisible();
  expect(await doctor.getByLabel('文章链接').inputValue()).toBe(doctorsOwn);
  expect(requests.filter((url) => /\.wasm/.test(url))).toEqual([]);
  await goto(doctor, '/library?saved=1');
  await expect(doctor.getByRole('link', { name: PUBLIC_ARTICLE })).toBeVisible();

  // A visitor through the doctor's address, a second one through the first one's.
  const visitor = await newPerson();
  const visitorsOwn = await read(visitor, doctorsOwn);
  expect([link, doctorsOwn]).not.toContain(visitorsOwn);
  const second = await newPerson();
  expect(await read(second, visitorsOwn)).not.toBe(visitorsOwn);
  // One's own address again, and the rep's own look, change nothing.
  expect(await read(visitor, visitorsOwn)).toBe(visitorsOwn);
  await read(rep, link);

  // The tree, counted by hand: doctor, visitor and second visitor read once each.
  await goto(rep, `/articles/${article}/tree`);
  const root = rootFor(rep, hcp.name).filter({ hasText: `${today()} 给` }).filter({ has: rep.locator(`a[href="/hcps/${hcp.id}"]`) });
  await expect(root).toHaveCount(1);
  await expect(line(root)).toContainText(`${today()} 给 ${hcp.name} 的链接`);
  await expect(line(root)).toContainText('下级合计 PV 3、UV 3');
  await expect(line(root)).not.toContainText('复读');
  await expect(children(root)).toHaveCount(1);
  const doctorNode = children(root);
  await expect(line(doctorNode)).toContainText(hcp.name);
  await expect(line(doctorNode)).toContainText('阅读 1 次 · 分享次数 1（已发起 1） · 下级合计 PV 2、UV 2 · 直接 PV 1、UV 1');
  const visitorNode = children(doctorNode);
  await expect(visitorNode).toHaveCount(1);
  await expect(line(visitorNode)).toContainText('访客（1 人）');
  await expect(line(visitorNode)).toContainText('阅读 1 次 · 分享次数 1（已发起 1） · 下级合计 PV 1、UV 1 · 直接 PV 1、UV 1');
  const secondNode = children(visitorNode);
  await expect(secondNode).toHaveCount(1);
  expect((await secondNode.textContent())!.trim()).toBe('访客（1 人）阅读 1 次');
  await expectNoSidewaysScroll(rep);

  // Layer 2 on the doctor's page.
  await goto(rep, `/hcps/${hcp.id}?tab=portrait`);
  await expect(stat(rep, '浏览量 PV').first()).toHaveText('2');
  await expect(stat(rep, '访客数 UV').first()).toHaveText('2');
  await expect(stat(rep, '分享次数').first()).toHaveText('1');
  await expect(stat(rep, '复读').first()).toHaveText('0');
  await expect(rep.getByRole('link', { name: PUBLIC_ARTICLE })).toBeVisible();

  // Layer 1 at the manager's, sorted and exported.
  expect(await pv()).toBe(before + 3);
  await manager.getByRole('link', { name: /^访客数 UV/ }).click();
  await expect(manager.locator('th[aria-sort="descending"]')).toContainText('访客数 UV');
  const uvs = (await manager.locator('tbody tr td:nth-child(6)').allTextContents()).map(Number);
  expect(uvs.length).toBeGreaterThan(3);
  expect(uvs).toEqual([...uvs].sort((a, b) => b - a));
  await hydrated(manager);
  const [download] = await Promise.all([
    manager.waitForEvent('download'),
    manager.getByRole('link', { name: '导出 XLSX' }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/\.xlsx$/);
  expect(readFileSync(await download.path()).subarray(0, 2).toString()).toBe('PK');
  await expectNoSidewaysScroll(manager);
});
