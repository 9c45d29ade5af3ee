// What several browser tests do: the steps of a rep, a doctor and a visitor.

import type { Locator, Page } from '@playwright/test';
import { expect, goto, hydrated, lastOtp, smsCount } from './fixtures';

export const REP = '13900000001';
export const OTC_REP = '13900000002';
export const TRADE_REP = '13900000003';
export const MANAGER = '13900000004';
export const TRAINER = '13900000005';
export const MARKETER = '13900000006';
export const SERVICE_AGENT = '13900000007';
export const COMPLIANCE = '13900000008';
export const ADMIN = '13900000009';

/** Public and professional articles of the demo data. */
export const PUBLIC_ARTICLE = '在家量血压，怎样才算量准了';
export const PROFESSIONAL_ARTICLE = '按风险定目标：低密度脂蛋白胆固醇的达标路径';

export type Hcp = { id: string; name: string; phone: string };

/** The rep opens the first HCP who is not invited yet. An invitation takes them off that list. */
export async function openFreshHcp(page: Page): Promise<Hcp> {
  // Never dealt with: who withdrew a moment ago is on the list too, and may not be sent a code again yet.
  await goto(page, '/hcps?state=listed&contact=never');
  await page.locator('main tbody a[href^="/hcps/"]').first().click();
  await page.waitForURL(/\/hcps\/[^/?]+$/);
  await expect(page.getByText('未入库')).toBeVisible();
  const name = (await page.getByRole('heading', { level: 1 }).textContent())!.trim();
  await hydrated(page);
  // Revealed by a test before, it stays so for five minutes.
  const reveal = page.getByRole('button', { name: '查看完整号码' });
  await expect(reveal.or(page.getByText(/^1\d{10}$/))).toBeVisible();
  if (await reveal.isVisible()) await reveal.click();
  const phone = (await page.getByText(/^1\d{10}$/).textContent())!.trim();
  await hydrated(page);
  return { id: new URL(page.url()).pathname.split('/')[2], name, phone };
}

/** From the HCP's page: makes the personal code and gives its address. */
export async function makeCode(page: Page): Promise<string> {
  await page.getByRole('button', { name: '生成专属二维码' }).click();
  await page.waitForURL(/\/hcps\/[^/]+\/code/);
  await expect(page.getByRole('img', { name: '个人专属二维码' }).locator('svg')).toBeVisible();
  return page.getByLabel('邀请链接').inputValue();
}

/** A doctor at their personal code's page: agrees, verifies the phone, and is onboarded. */
export async function acceptInvitation(page: Page, phone: string, tracking = true) {
  await page.getByRole('checkbox', { name: '身份登记' }).check();
  await page.getByRole('checkbox', { name: '内容推送' }).check();
  if (tracking) await page.getByRole('checkbox', { name: '实名阅读统计' }).check();
  const before = smsCount(phone);
  await page.getByRole('button', { name: /^向 .* 发送验证码$/ }).click();
  const code = await lastOtp(phone, before);
  await page.getByLabel('短信验证码').fill(code);
  await page.getByRole('button', { name: '确认并完成登记' }).click();
  await expect(page.getByRole('heading', { name: '登记成功' })).toBeVisible();
}

/** A rep signed in at `staff` invites a fresh HCP, who accepts in the browser of `doctor`. */
export async function onboardFreshHcp(staff: Page, doctor: Page, tracking = true): Promise<Hcp> {
  const hcp = await openFreshHcp(staff);
  const code = await makeCode(staff);
  await goto(doctor, code);
  await acceptInvitation(doctor, hcp.phone, tracking);
  return hcp;
}

/** Opens an article of the staff's list by its title; gives its id. */
export async function openArticle(page: Page, title: string): Promise<string> {
  await goto(page, `/articles?text=${encodeURIComponent(title)}`);
  await page.locator('main').getByRole('link', { name: title }).click();
  await page.waitForURL(/\/articles\/[^/?]+$/);
  await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible();
  return new URL(page.url()).pathname.split('/')[2];
}

/** From the article's page: a link for that HCP, found by name, or for anyone. Gives its address. */
export async function makeLink(page: Page, hcp?: Hcp): Promise<string> {
  await page.getByRole('link', { name: '分享', exact: true }).click();
  await page.waitForURL(/\/share$/);
  if (hcp) {
    await page.getByRole('searchbox').fill(hcp.name);
    await page.getByRole('button', { name: '搜索', exact: true }).click();
    await page.waitForURL(/[?&]text=/);
    await hydrated(page);
    await page.locator(`input[type="checkbox"][value="${hcp.id}"]`).check();
    await page.getByRole('button', { name: '为所选客户生成链接' }).click();
  } else {
    await page.getByRole('button', { name: '生成通用链接' }).click();
  }
  await page.waitForURL(/[?&]made=/);
  await expect(page.getByRole('heading', { name: '链接与二维码' })).toBeVisible();
  await expect(page.getByRole('img', { name: '分享二维码' }).locator('svg')).toBeVisible();
  // Nobody else stays chosen for the next link.
  await expect(page.locator('input[name="hcp_ids[]"]:checked')).toHaveCount(0);
  return page.getByLabel('文章链接').inputValue();
}

/** Opens a link as a reader and waits until the view is stored; gives the reader's own address. */
export async function read(page: Page, url: string): Promise<string> {
  const stored = page.waitForResponse((response) => /^\/t(\/|$)/.test(new URL(response.url()).pathname));
  const answer = await page.goto(url);
  expect(answer!.status()).toBe(200);
  expect((await stored).ok(), 'the view is stored').toBe(true);
  await expect(page.locator('#article h1')).toBeVisible();
  return page.url().split('?')[0];
}

/** The root that was made for this HCP today, on the page of the tree. */
export function rootFor(page: Page, name: string): Locator {
  return page.locator('ul.tree > li').filter({ hasText: new RegExp(`${name} 的链接`) });
}

/** The text of a tree's node, without the nodes below it. */
export function line(node: Locator): Locator {
  return node.locator('> details > summary').or(node.locator('> span')).first();
}

/** The children of a tree's node; its first line may be the link to the HCP's page. */
export function children(node: Locator): Locator {
  return node.locator('> details > ul > li').filter({ hasNotText: /^查看客户$/ });
}

/** The number under a name in a grid of numbers. */
export function stat(within: Page | Locator, name: string): Locator {
  return within.getByText(name, { exact: true }).locator('xpath=following-sibling::div[1]');
}

/** Today in China, `YYYY-MM-DD`. */
export function today(): string {
  return new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
}
