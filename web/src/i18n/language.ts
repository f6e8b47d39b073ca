// The viewer's language: one value per page, changed at once without leaving a call. English is the source text of every message.

export type Language = 'en' | 'zh-Hant-TW';
export type Catalogue = Readonly<Record<string, string>>;
export type Values = Readonly<Record<string, string | number>>;
/** A text in both languages as the server sends it. */
export type Bilingual = Readonly<Record<Language, string>>;

export const LANGUAGES: readonly Language[] = ['en', 'zh-Hant-TW'];
const COOKIE = 'lang';
const YEAR_S = 31_536_000; // a visitor chooses once, and a school year is the natural span

let current: Language = 'en';
let chinese: Catalogue = {};
const listeners = new Set<() => void>();

export const isLanguage = (tag: string | null | undefined): tag is Language => tag === 'en' || tag === 'zh-Hant-TW';
export const otherThan = (language: Language): Language => (language === 'en' ? 'zh-Hant-TW' : 'en');
export const language = (): Language => current;
export const otherLanguage = (): Language => otherThan(current);

/** Called once by a page's entry, with the catalogue that the build read from the .po file. */
export function startLanguage(tag: string, catalogue: Catalogue): void {
  chinese = catalogue;
  if (isLanguage(tag)) current = tag;
}

/** Remembers the choice and tells every part of the page; the call goes on. */
export function setLanguage(next: Language): void {
  if (next === current) return;
  current = next;
  document.documentElement.lang = next;
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  document.cookie = `${COOKIE}=${next}; Path=/; Max-Age=${YEAR_S}; SameSite=Lax${secure}`;
  for (const listener of listeners) listener();
}

export function onLanguage(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Puts `%(name)s` values in, the same form that the templates use. */
export function fill(text: string, values?: Values): string {
  if (!values) return text;
  return text.replace(/%\((\w+)\)s/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

export function tIn(tag: Language, message: string, values?: Values): string {
  return fill(tag === 'en' ? message : (chinese[message] ?? message), values);
}

/** The message in the viewer's language. The first argument is a literal: the catalogue is made from it. */
export const t = (message: string, values?: Values): string => tIn(current, message, values);

/** The message in the other language, for the second line of a label. */
export const other = (message: string, values?: Values): string => tIn(otherLanguage(), message, values);

/** Marks a literal for the catalogue where it is only stored; `t` reads it later. */
export const m = (message: string): string => message;

/** One letter for a person: of the family name, which stands last in English (after a title) and first in Chinese. */
export const initialOf = (name: string): string => [...(name.trim().split(/\s+/).at(-1) ?? '')][0] ?? '';

/** A name for use inside a sentence: what it does to the writing direction ends with it (Unicode UAX #9, FSI … PDI). */
export const isolated = (name: string): string => `\u2068${name}\u2069`;

export const inBoth = (text: Bilingual): { first: string; second: string } => ({
  first: text[current],
  second: text[otherLanguage()],
});
