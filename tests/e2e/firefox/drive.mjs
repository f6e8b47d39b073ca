// A stock Firefox that does what standard input says, one JSON command a line, and answers each with one JSON line.
// Playwright cannot drive an unpatched Firefox; WebDriver BiDi can. Usage: node drive.mjs FIREFOX_BINARY
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(new URL('../../../web/package.json', import.meta.url));
const { default: puppeteer } = await import(require.resolve('puppeteer-core'));
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const LONGEST_MS = 90_000; // a hang guard; what is there sooner passes sooner

const browser = await puppeteer.launch({
  browser: 'firefox',
  executablePath: process.argv[2],
  headless: true,
  extraPrefsFirefox: {
    'media.navigator.streams.fake': true,
    'media.navigator.permission.disabled': true,
    'media.autoplay.default': 0,
    'media.peerconnection.ice.loopback': true, // the product under test listens on 127.0.0.1
    'media.peerconnection.ice.obfuscate_host_addresses': false,
    'intl.accept_languages': 'en',
  },
});
const page = await browser.newPage();
page.on('pageerror', (error) => process.stderr.write(`${error}\n`));
await page.evaluateOnNewDocument(() => {
  window.peers = [];
  const Peer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Peer {
    constructor(...args) {
      super(...args);
      window.peers.push(this);
    }
  };
});
await page.setViewport({ width: 1280, height: 720 });

const COMMANDS = {
  open: ({ url }) => page.goto(url).then(() => null),
  wait: ({ selector, text = '' }) =>
    page
      .waitForFunction(
        (wanted, words) => [...document.querySelectorAll(wanted)].some((one) => one.checkVisibility() && one.textContent.includes(words)),
        { timeout: LONGEST_MS, polling: 100 },
        selector,
        text,
      )
      .then(() => null),
  wait_gone: ({ selector }) =>
    page
      .waitForFunction((wanted) => ![...document.querySelectorAll(wanted)].some((one) => one.checkVisibility()), { timeout: LONGEST_MS, polling: 100 }, selector)
      .then(() => null),
  press: async ({ selector }) => {
    await COMMANDS.wait({ selector });
    await page.locator(selector).setTimeout(LONGEST_MS).click();
    return null;
  },
  write: ({ selector, text }) => page.locator(selector).setTimeout(LONGEST_MS).fill(text).then(() => null),
  run: ({ script }) => page.evaluate(`(${script})()`),
};

say({ ok: true, answer: await browser.version() });
for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...values } = JSON.parse(line);
  try {
    say({ ok: true, answer: (await COMMANDS[command](values)) ?? null });
  } catch (error) {
    say({ ok: false, answer: `${command} ${JSON.stringify(values)}: ${error}` });
  }
}
await browser.close();
