// One wall time, read on the other side of the Pacific: the same words as server/pages/wall.py.
import type { Language } from '../i18n/language.ts';
import type { Side } from '../lesson/lesson.ts';

export interface Wall {
  readonly date: string; // 2026-11-24
  readonly time: string; // 08:40
}
/** Why a wall time is none: the clocks skip it, or show it twice. */
export type Trouble = 'skipped' | 'twice';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

interface Parts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

function partsIn(zone: string, at: number): Parts {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone, calendar: 'iso8601', numberingSystem: 'latn', hourCycle: 'h23',
    year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric',
  });
  const found = new Map(format.formatToParts(at).map((part) => [part.type, Number(part.value)]));
  const read = (type: Intl.DateTimeFormatPartTypes): number => found.get(type) ?? Number.NaN;
  return { year: read('year'), month: read('month'), day: read('day'), hour: read('hour'), minute: read('minute') };
}

const asUtc = (parts: Parts): number => Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute);

/** The instant of a wall time that happens exactly once; undefined while date or time are not typed in full. */
export function instantOf(wall: Wall, zone: string): number | Trouble | undefined {
  const asked = Date.parse(`${wall.date}T${wall.time}Z`);
  if (Number.isNaN(asked)) return undefined;
  // Offsets of the day before and the day after: a change lies between them or not at all.
  const offsets = new Set([asked - DAY_MS, asked + DAY_MS].map((near) => asUtc(partsIn(zone, near)) - near));
  const found = [...offsets].map((offset) => asked - offset).filter((at) => asUtc(partsIn(zone, at)) === asked);
  if (found.length === 0) return 'skipped';
  return found.length > 1 ? 'twice' : found[0];
}

const EN_DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
const ZH_DAYS = '日一二三四五六';
const EN_MONTHS = [
  'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December',
] as const;

const two = (value: number): string => String(value).padStart(2, '0');

/** As that side's own wall says it: `11/24 週二` or `Mon Nov 23`. */
export function dayIn(zone: string, at: number, side: Side): string {
  const { year, month, day } = partsIn(zone, at);
  const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
  if (side === 'tw') return `${month}/${day} 週${ZH_DAYS.charAt(weekday)}`;
  return `${(EN_DAYS[weekday] ?? '').slice(0, 3)} ${(EN_MONTHS[month - 1] ?? '').slice(0, 3)} ${day}`;
}

/** `08:40–09:20` in Taiwan, `4:40–5:20 PM` in the United States. */
export function hoursIn(zone: string, at: number, minutes: number, side: Side): string {
  const [first, last] = [partsIn(zone, at), partsIn(zone, at + minutes * MINUTE_MS)];
  if (side === 'tw') return `${two(first.hour)}:${two(first.minute)}–${two(last.hour)}:${two(last.minute)}`;
  const half = (hour: number): string => (hour < 12 ? 'AM' : 'PM');
  const [from, to] = [first, last].map((one) => `${one.hour % 12 || 12}:${two(one.minute)}`);
  const start = half(first.hour) === half(last.hour) ? from : `${from} ${half(first.hour)}`;
  return `${start}–${to} ${half(last.hour)}`;
}

/** The day in a reader's own words: `Tuesday, November 24`, `11月24日星期二`. */
export function dayInWords(zone: string, at: number, language: Language): string {
  const { year, month, day } = partsIn(zone, at);
  const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
  if (language === 'en') return `${EN_DAYS[weekday] ?? ''}, ${EN_MONTHS[month - 1] ?? ''} ${day}`;
  return `${month}月${day}日星期${ZH_DAYS.charAt(weekday)}`;
}
