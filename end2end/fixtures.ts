// What every browser test imports instead of '@playwright/test'.
//
// A test fails at its end if the browser or the server complained while it ran: an error in the console of a page or of
// a service worker, an exception on a page, an answer of 5xx, a violation of the content security policy. All contexts of
// `browser` are watched, those too that a test makes by itself; with JavaScript off the browser itself tells of violations
// in the console. What a test provokes on purpose it names:
//   problems.allow(/status of 422/)           within the test
//   test.use({ allow: /status of 422/ })      for a file or a describe block
// A browser that a test starts by itself is not watched: see `problems.watch`.

import AxeBuilder from '@axe-core/playwright';
import { test as base, expect, type BrowserContext, type ConsoleMessage, type Page } from '@playwright/test';
import { readFileSync } from 'node:fs';

export const PASSWORD = 'mailuo-demo';
/** Where the server under test has its data. */
export const FOLDER = process.env.E2E_FOLDER || 'target/e2e';
const SMS = `${FOLDER}/data/sms.jsonl`;

export type Options = {
  /** Complaints that are no failure. One pattern: Playwright would take an array's second for settings. */
  allow: RegExp | undefined;
  /** WeChat's browser: no share sheet, clipboard or service worker. */
  wechat: boolean;
};

type Fixtures = {
  problems: Problems;
  /** A fresh browser of somebody else (own cookies), watched and set up like `page`. */
  newPerson: () => Promise<Page>;
};

const contextsWithoutJs = new WeakSet<BrowserContext>();

export class Problems {
  private found: { text: string; url?: string }[] = [];
  private allowed: RegExp[] = [];
  /** Pages that themselves answered 4xx: the browser logs those as errors, and the test has looked at the page. */
  private refusedPages = new Set<string>();
  private watched = new WeakSet<BrowserContext>();

  allow(...patterns: RegExp[]) {
    this.allowed.push(...patterns);
  }

  /** Listens to a context; twice is no more than once. To be awaited before its first page is made. */
  async watch(context: BrowserContext) {
    if (this.watched.has(context)) return;
    this.watched.add(context);
    const hear = (message: ConsoleMessage) => {
      const text = message.text();
      if (message.type() === 'error' || /Content Security Policy/i.test(text)) {
        this.found.push({ text: `console: ${text}`, url: message.location().url });
      }
    };
    context.on('console', hear);
    context.on('serviceworker', (worker) => worker.on('console', hear));
    context.on('weberror', (error) => {
      this.found.push({ text: `exception: ${error.error().stack ?? error.error()}`, url: error.page()?.url() });
    });
    context.on('response', (response) => {
      if (response.status() >= 500) {
        this.found.push({ text: `answer ${response.status()} to ${response.request().method()}`, url: response.url() });
      } else if (response.status() >= 400 && response.request().isNavigationRequest()) {
        this.refusedPages.add(response.url());
      }
    });
    await context.exposeBinding('tellOfViolation', ({ page }, violation: string) => {
      this.found.push({ text: `content security policy: ${violation}`, url: page.url() });
    });
    await context.addInitScript(() => {
      const tell = (window as unknown as { tellOfViolation?: (violation: string) => void }).tellOfViolation;
      window.addEventListener('securitypolicyviolation', (event) => {
        tell?.(`${event.effectiveDirective} forbids ${event.blockedURI || 'inline'} ${event.sample} at line ${event.lineNumber}`);
      }, true);
    });
  }

  list(): string[] {
    return this.found
      .filter(({ text, url }) => !(text.startsWith('console: Failed to load resource') && this.refusedPages.has(url ?? '')))
      .map(({ text, url }) => (url ? `${text} (${url})` : text))
      .filter((line) => !this.allowed.some((pattern) => pattern.test(line)));
  }
}

async function prepare(context: BrowserContext, options: { problems: Problems; wechat: boolean; js?: boolean }) {
  await options.problems.watch(context);
  if (options.js === false) contextsWithoutJs.add(context);
  if (options.wechat) {
    await context.addInitScript(() => {
      for (const name of ['share', 'canShare', 'clipboard', 'serviceWorker']) {
        delete (Navigator.prototype as unknown as Record<string, unknown>)[name];
      }
    });
  }
}

export const test = base.extend<Fixtures & Options>({
  allow: [undefined, { option: true }],
  wechat: [false, { option: true }],

  problems: [
    async ({ allow, browser }, use) => {
      const problems = new Problems();
      if (allow) problems.allow(allow);
      // Whoever makes a context, the `context` fixture among them, gets it watched.
      const newContext = browser.newContext;
      browser.newContext = async (options) => {
        const context = await newContext.call(browser, options);
        await problems.watch(context);
        return context;
      };
      await use(problems);
      browser.newContext = newContext;
      expect(problems.list(), 'what the browser and the server complained of').toEqual([]);
    },
    { auto: true },
  ],

  context: async ({ context, problems, wechat, javaScriptEnabled }, use) => {
    await prepare(context, { problems, wechat, js: javaScriptEnabled });
    await use(context);
  },

  newPerson: async ({ browser, problems, wechat, javaScriptEnabled }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async () => {
      // Playwright gives it the project's viewport, locale and so on.
      const context = await browser.newContext();
      contexts.push(context);
      await prepare(context, { problems, wechat, js: javaScriptEnabled });
      return context.newPage();
    });
    for (const context of contexts) await context.close();
  },
});

export { expect };

/** Whether this page runs scripts at all: false in the -nojs projects. */
export function hasJs(page: Page): boolean {
  return !contextsWithoutJs.has(page.context());
}

/**
 * Waits until the page answers to clicks. Returns at once with JavaScript off, and on pages that ship no wasm:
 * those have no module preloaded from /pkg/.
 */
export async function hydrated(page: Page) {
  if (!hasJs(page)) return;
  await page.waitForLoadState('domcontentloaded');
  if ((await page.locator('link[rel="modulepreload"][href*="/pkg/"]').count()) === 0) return;
  await page.waitForSelector('html[data-hydrated]', { state: 'attached' });
}

export async function goto(page: Page, url: string) {
  const response = await page.goto(url);
  await hydrated(page);
  return response;
}

/** Signs a member of staff in through the form, and waits for the page that follows. */
export async function signInByForm(page: Page, phone: string, password = PASSWORD) {
  await goto(page, '/sign-in');
  const form = page.locator('form').filter({ has: page.locator('input[name="password"]') });
  await form.locator('input[name="phone"]').fill(phone);
  await form.locator('input[name="password"]').fill(password);
  await form.locator('button[type="submit"]').first().click();
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
  await hydrated(page);
}

const sessions = new Map<string, string>();

/** Opens the first page as a member of staff: by the form at first, later in the same session to save the time. */
export async function signIn(page: Page, phone: string) {
  const url = test.info().project.use.baseURL!;
  const known = sessions.get(phone);
  if (known) {
    await page.context().addCookies([{ name: 'sid', value: known, url, httpOnly: true, sameSite: 'Lax' }]);
    await goto(page, '/');
    return;
  }
  await signInByForm(page, phone);
  const cookie = (await page.context().cookies()).find(({ name }) => name === 'sid');
  if (cookie) sessions.set(phone, cookie.value);
}

type Sms = { at: string | number; to: string; text: string; params: Record<string, string> };

function messages(phone: string): Sms[] {
  let lines: string[];
  try {
    lines = readFileSync(SMS, 'utf8').split('\n');
  } catch {
    return [];
  }
  // The last line may be half written.
  return lines.flatMap((line) => {
    try {
      const sms = JSON.parse(line) as Sms;
      return sms.to.endsWith(phone) ? [sms] : [];
    } catch {
      return [];
    }
  });
}

/** How many messages this phone got; to be handed to `lastOtp` where a phone asks for its second code. */
export function smsCount(phone: string): number {
  return messages(phone).length;
}

/** The code of the last message to this phone, waiting for one beyond the first `after`. */
export async function lastOtp(phone: string, after = 0): Promise<string> {
  await expect.poll(() => smsCount(phone), { message: `a message to ${phone}` }).toBeGreaterThan(after);
  const code = messages(phone).at(-1)?.params.code;
  if (!code) throw new Error(`the last message to ${phone} has no code`);
  return code;
}

/** What axe-core calls serious or critical. It needs scripts to run: without them this looks at nothing. */
export async function graveFaults(page: Page, rules?: string[]): Promise<string[]> {
  if (!hasJs(page)) return [];
  // The app has no frames, for whose sake the other mode opens a page of its own each time.
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] });
  if (rules) axe.withRules(rules);
  const { violations } = await axe.analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.slice(0, 5).map((node) => `${id}: ${node.target.join(' ')}: ${[...node.any, ...node.all, ...node.none].map((check) => check.message).join('; ')}`),
    );
}

/** Nothing that axe-core calls serious or critical. */
export async function expectAccessible(page: Page) {
  expect(await graveFaults(page), `accessibility of ${page.url()}`).toEqual([]);
}

/** The page is not wider than the screen. */
export async function expectNoSidewaysScroll(page: Page) {
  const wide = await page.evaluate(() => Math.max(document.documentElement.scrollWidth, window.innerWidth));
  expect(wide, `width of ${page.url()}`).toBeLessThanOrEqual(page.viewportSize()!.width);
}
