// Joins the demo lesson in a stock Firefox by WebDriver BiDi and reports what it receives, one JSON line a second,
// until standard input ends. Playwright cannot drive an unpatched Firefox.
// Usage: node join.mjs FIREFOX_BINARY URL
import { createRequire } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';

const require = createRequire(new URL('../../../web/package.json', import.meta.url));
const { default: puppeteer } = await import(require.resolve('puppeteer-core'));
const [executablePath, url] = process.argv.slice(2);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

let isOver = false;
process.stdin.resume();
process.stdin.on('end', () => (isOver = true));

const browser = await puppeteer.launch({
  browser: 'firefox',
  executablePath,
  headless: true,
  extraPrefsFirefox: {
    'media.navigator.streams.fake': true,
    'media.navigator.permission.disabled': true,
    'media.autoplay.default': 0,
    'media.peerconnection.ice.loopback': true, // the product under test listens on 127.0.0.1
    'media.peerconnection.ice.obfuscate_host_addresses': false,
  },
});
try {
  const page = await browser.newPage();
  page.on('console', (message) => message.type() === 'error' && process.stderr.write(`${message.text()}\n`));
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
  await page.goto(url);
  await page.waitForSelector('.preview video:not([hidden])', { timeout: 30_000 });
  await page.click('.join');
  await page.waitForSelector('tc-stage', { timeout: 30_000 });
  say({ event: 'joined', browser: await browser.version() });
  while (!isOver) {
    const report = await page.evaluate(async () => {
      const inbound = [];
      for (const peer of window.peers) {
        if (peer.connectionState === 'closed') continue;
        for (const entry of (await peer.getStats()).values()) if (entry.type === 'inbound-rtp') inbound.push(entry);
      }
      const frames = inbound.map((entry) => entry.framesDecoded ?? 0);
      const sound = inbound.filter((entry) => entry.kind === 'audio');
      return {
        people: document.querySelectorAll('tc-people .person').length,
        banner: document.querySelector('tc-banner')?.textContent?.trim() ?? '',
        frames: frames.reduce((a, b) => a + b, 0),
        moving: frames.filter((count) => count > 10).length,
        soundPackets: sound.reduce((sum, entry) => sum + entry.packetsReceived, 0),
        soundEnergy: sound.reduce((sum, entry) => sum + (entry.totalAudioEnergy ?? 0), 0),
      };
    });
    say({ event: 'report', ...report });
    await pause(1000);
  }
  await page.click('.dock-leave');
} catch (error) {
  say({ event: 'failed', reason: String(error) });
  process.exitCode = 1;
} finally {
  await browser.close();
}
