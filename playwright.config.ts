import { defineConfig, devices } from '@playwright/test';
import type { Options } from './end2end/fixtures';

// The server under test has its own data directory and port, so that it stands beside `script/server`. A second run at
// the same time takes another folder and port (and see E2E_BUILD in end2end/serve.sh).
const address = process.env.E2E_ADDRESS || '127.0.0.1:3100';
const folder = process.env.E2E_FOLDER || 'target/e2e';

const phone = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
  userAgent: devices['Pixel 7'].userAgent,
};
const desktop = { viewport: { width: 1440, height: 900 } };
const wechatUserAgent =
  'Mozilla/5.0 (Linux; Android 14; Pixel 7 Build/AP2A.240905.003; wv) AppleWebKit/537.36 (KHTML, like Gecko) ' +
  'Version/4.0 Chrome/130.0.6723.103 Mobile Safari/537.36 XWEB/1300199 MMWEBSDK/20241103 ' +
  'MicroMessenger/8.0.55.2780(0x28003737) WeChat/arm64 Weixin NetType/WIFI Language/zh_CN ABI/arm64';

// A test runs in `phone` and `desktop`. By a tag it runs elsewhere too:
//   @nojs    again on both with JavaScript off
//   @wechat  again as WeChat's browser
// A file named *.wechat.spec.ts or *.nojs.spec.ts runs only there; *.hydrate.spec.ts never without JavaScript.
const onlyElsewhere = /\.(wechat|nojs)\.spec\.ts$/;
const inWechat = /@wechat\b|\.wechat\.spec\.ts/;
const withoutJs = /@nojs\b|\.nojs\.spec\.ts/;
const hydrating = /\.hydrate\.spec\.ts$/;

export default defineConfig<Options>({
  testDir: 'end2end/tests',
  outputDir: `${folder}/results`,
  // One database for all, and two cores: one test at a time, in the order of the files' names.
  workers: 1,
  fullyParallel: false,
  // On a borrowed machine a stutter is not a fault: a test that fails there is tried once more and named as flaky.
  retries: process.env.CI ? 1 : 0,
  forbidOnly: !!process.env.CI,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [['list']],
  use: {
    baseURL: `http://${address}`,
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    actionTimeout: 10_000,
    navigationTimeout: 20_000,
    // Recording costs a third of the time: only where a test is tried again.
    trace: 'on-first-retry',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-component-update'],
    },
  },
  projects: [
    { name: 'phone', testIgnore: onlyElsewhere, use: phone },
    { name: 'desktop', testIgnore: onlyElsewhere, use: desktop },
    {
      name: 'wechat',
      grep: inWechat,
      use: { ...phone, userAgent: wechatUserAgent, serviceWorkers: 'block', wechat: true },
    },
    { name: 'phone-nojs', grep: withoutJs, testIgnore: hydrating, use: { ...phone, javaScriptEnabled: false } },
    { name: 'desktop-nojs', grep: withoutJs, testIgnore: hydrating, use: { ...desktop, javaScriptEnabled: false } },
  ],
  webServer: {
    command: `end2end/serve.sh ${address} ${folder}`,
    url: `http://${address}/readyz`,
    // Includes making the demo data.
    timeout: 180_000,
    reuseExistingServer: false,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 5_000 },
    stdout: 'ignore',
    stderr: 'pipe',
  },
});
