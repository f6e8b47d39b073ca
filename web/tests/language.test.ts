import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseCatalogue, scriptMessages } from '../build/catalogue.ts';
import { fill, initialOf, isLanguage, otherThan, startLanguage, t, other, tIn } from '../src/i18n/language.ts';

test('values are put in, and unknown ones left to be seen', () => {
  assert.equal(fill('%(a)s and %(b)s', { a: 1 }), '1 and %(b)s');
});

test('a message without a translation shows its source', () => {
  startLanguage('zh-Hant-TW', { Leave: '離開' });
  assert.equal(t('Leave'), '離開');
  assert.equal(other('Leave'), 'Leave');
  assert.equal(t('Nothing like this'), 'Nothing like this');
  assert.equal(tIn('en', 'Leave'), 'Leave');
});

test('an initial is of the family name in either language', () => {
  assert.deepEqual(['Ms. Lin', 'Ava', '林老師', ' ', '𠮷田'].map(initialOf), ['L', 'A', '林', '', '𠮷']);
});

test('only our two tags are languages', () => {
  assert.ok(isLanguage('zh-Hant-TW'));
  for (const tag of ['zh', 'zh-TW', 'EN', '', null, undefined]) assert.ok(!isLanguage(tag));
  assert.equal(otherThan('en'), 'zh-Hant-TW');
});

test('a .po file is read: several lines, quotes, fuzzy ones and those of templates left out', () => {
  const source = [
    'msgid ""\nmsgstr ""\n"Language: zh_Hant_TW\\n"',
    '#: web/src/a.ts web/templates/b.html\nmsgid ""\n"Say \\"hi\\" "\n"twice"\nmsgstr "說\\"嗨\\""',
    '#: web/templates/b.html\nmsgid "Only a page"\nmsgstr "只有頁面"',
    '#: web/src/a.ts\n#, fuzzy\nmsgid "Not sure"\nmsgstr "不確定"',
    '#: web/src/check/a.ts\nmsgid "Only the check"\nmsgstr "只有檢查"',
    '#~ msgid "Old"\n#~ msgstr "舊"',
  ].join('\n\n');
  assert.deepEqual(scriptMessages(parseCatalogue(source)), { 'Say "hi" twice': '說"嗨"' });
  assert.deepEqual(scriptMessages(parseCatalogue(source), 'check'), { 'Only the check': '只有檢查' });
});

test('the real catalogue has Chinese for every script message', () => {
  const path = new URL('../locales/zh_Hant_TW/LC_MESSAGES/messages.po', import.meta.url);
  const entries = parseCatalogue(readFileSync(path, 'utf8')).filter((entry) => entry.places.some((place) => place.endsWith('.ts')));
  assert.ok(entries.length > 100);
  const [all, check] = [scriptMessages(entries), scriptMessages(entries, 'check')];
  assert.equal(Object.keys({ ...all, ...check }).length, entries.length);
  assert.ok(Object.keys(check).length > 0);
  assert.deepEqual(Object.keys(check).filter((message) => message in all), []);
});

test('values of a message are the same in both languages', () => {
  const path = new URL('../locales/zh_Hant_TW/LC_MESSAGES/messages.po', import.meta.url);
  const names = (text: string): string[] => [...text.matchAll(/%\((\w+)\)s/g)].map((found) => found[1] ?? '').sort();
  for (const entry of parseCatalogue(readFileSync(path, 'utf8'))) assert.deepEqual(names(entry.text), names(entry.id), entry.id);
});

test('nothing but the self-check imports what only its catalogue translates', () => {
  const src = new URL('../src/', import.meta.url);
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts') && !file.startsWith('check/') && file !== 'pages/check.ts');
  assert.ok(files.length > 50);
  for (const file of files) assert.doesNotMatch(readFileSync(new URL(file, src), 'utf8'), /from '[^']*\/check\//, file);
});
