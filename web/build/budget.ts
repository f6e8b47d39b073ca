// Weighs what each page loads (gzip -9), fails the build past the budget and writes the .gz files that the server sends.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

type Kind = 'js' | 'css' | 'font';
interface Chunk {
  readonly file: string;
  readonly name?: string;
  readonly isEntry?: boolean;
  readonly imports?: readonly string[];
  readonly css?: readonly string[];
  readonly assets?: readonly string[];
}

/** Bytes after gzip, kB = 1000: a Chromebook on a school line loads this in about a second. */
const LIMITS: Readonly<Record<Kind, number>> = { js: 200_000, css: 20_000, font: 25_000 };
const KINDS: Readonly<Record<string, Kind>> = { '.js': 'js', '.css': 'css', '.woff2': 'font' };

const dist = process.argv[2] ?? join(import.meta.dirname, '..', 'dist');
const manifest = JSON.parse(readFileSync(join(dist, '.vite', 'manifest.json'), 'utf8')) as Record<string, Chunk>;
const weigh = (file: string): number => gzipSync(readFileSync(join(dist, file)), { level: 9 }).length;

/** Every file that an entry loads before it shows: its static imports, their styles and fonts. */
function filesOf(key: string, files = new Set<string>()): Set<string> {
  const chunk = manifest[key];
  if (!chunk || files.has(chunk.file)) return files;
  for (const file of [chunk.file, ...(chunk.css ?? []), ...(chunk.assets ?? [])]) files.add(file);
  for (const next of chunk.imports ?? []) filesOf(next, files);
  return files;
}

function weighPage(key: string): Record<Kind, number> {
  const sums: Record<Kind, number> = { js: 0, css: 0, font: 0 };
  for (const file of filesOf(key)) {
    const kind = KINDS[extname(file)];
    if (kind) sums[kind] += weigh(file);
  }
  return sums;
}

const excesses: string[] = [];
for (const [key, chunk] of Object.entries(manifest).filter(([, one]) => one.isEntry)) {
  const sums = weighPage(key);
  console.log(`budget: ${chunk.name}: ${sums.js} js, ${sums.css} css, ${sums.font} font bytes (gzip -9)`);
  for (const kind of Object.keys(LIMITS) as Kind[]) {
    if (sums[kind] > LIMITS[kind]) excesses.push(`budget: page "${chunk.name}" loads ${sums[kind]} bytes of ${kind}, more than ${LIMITS[kind]}`);
  }
}
if (excesses.length > 0) {
  console.error(excesses.join('\n'));
  process.exit(1);
}

for (const name of readdirSync(join(dist, 'assets')).filter((one) => ['.js', '.css'].includes(extname(one)))) {
  const path = join(dist, 'assets', name);
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
}
