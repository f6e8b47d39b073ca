import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const web = join(import.meta.dirname, '..');

/** A build with one page of one script and one style; random bytes do not compress. */
function weigh(sizes: { js: number; css: number; font: number }): { status: number | null; says: string; dist: string } {
  const dist = mkdtempSync(join(tmpdir(), 'budget-'));
  mkdirSync(join(dist, '.vite'));
  mkdirSync(join(dist, 'assets'));
  const chunks = {
    '_shared.js': { file: 'assets/shared.js', css: ['assets/base.css'], assets: ['assets/fig.woff2'] },
    'src/pages/page.ts': { file: 'assets/page.js', name: 'page', isEntry: true, imports: ['_shared.js'] },
  };
  writeFileSync(join(dist, '.vite', 'manifest.json'), JSON.stringify(chunks));
  writeFileSync(join(dist, 'assets', 'page.js'), '');
  writeFileSync(join(dist, 'assets', 'shared.js'), randomBytes(sizes.js));
  writeFileSync(join(dist, 'assets', 'base.css'), randomBytes(sizes.css));
  writeFileSync(join(dist, 'assets', 'fig.woff2'), randomBytes(sizes.font));
  const run = spawnSync(process.execPath, [join(web, 'build', 'budget.ts'), dist], { encoding: 'utf8' });
  return { status: run.status, says: run.stderr, dist };
}

test('a page within the budget passes and gets compressed files', () => {
  const { status, dist } = weigh({ js: 150_000, css: 10_000, font: 20_000 });
  assert.equal(status, 0);
  assert.ok(existsSync(join(dist, 'assets', 'shared.js.gz')));
});

for (const [kind, sizes] of Object.entries({
  js: { js: 200_001, css: 1, font: 1 },
  css: { js: 1, css: 20_001, font: 1 },
  font: { js: 1, css: 1, font: 25_001 },
})) {
  test(`too much ${kind}, even by an import, fails the build and says so`, () => {
    const { status, says } = weigh(sizes);
    assert.equal(status, 1);
    assert.match(says, new RegExp(`page "page" loads \\d+ bytes of ${kind}, more than`));
  });
}

test('the lock names versions and hashes, and no host to take packages from', () => {
  const lock = readFileSync(join(web, 'package-lock.json'), 'utf8');
  assert.doesNotMatch(lock, /"resolved"/);
  const packages = Object.entries((JSON.parse(lock) as { packages: Record<string, { integrity?: string }> }).packages);
  for (const [name, one] of packages) assert.ok(name === '' || one.integrity?.startsWith('sha512-'), name);
});

test('every direct dependency is pinned to one version', () => {
  const manifest = JSON.parse(readFileSync(join(web, 'package.json'), 'utf8')) as Record<string, Record<string, string>>;
  for (const [name, version] of Object.entries({ ...manifest['dependencies'], ...manifest['devDependencies'] })) {
    assert.match(version, /^\d+\.\d+\.\d+$/, name);
  }
});
