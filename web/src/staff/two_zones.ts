// One wall time, read on the other side of the Pacific: the same words as server/pages/lessons/moments.py.
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

const EN_DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const ZH_DAYS = '日一二三四五六';
const EN_MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** `Tue, Nov 24` and `11月24日 週二`. */
export function dayIn(zone: string, at: number, language: Language): string {
  const { year, month, day } = partsIn(zone, at);
  const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
  if (language === 'en') return `${EN_DAYS[weekday] ?? ''}, ${EN_MONTHS[month - 1] ?? ''} ${day}`;
  return `${month}月${day}日 週${ZH_DAYS.charAt(weekday)}`;
}

const half = (hour: number, language: Language): string =>
  language === 'en' ? (hour < 12 ? 'AM' : 'PM') : hour < 12 ? '上午' : '下午';

const two = (value: number): string => String(value).padStart(2, '0');

/** `08:40–09:20` in Taiwan, `4:40–5:20 PM` or `下午 4:40–5:20` in the United States. */
export function hoursIn(zone: string, at: number, minutes: number, side: Side, language: Language): string {
  const first = partsIn(zone, at);
  const last = partsIn(zone, at + minutes * MINUTE_MS);
  if (side === 'tw') return `${two(first.hour)}:${two(first.minute)}–${two(last.hour)}:${two(last.minute)}`;
  const halves = [half(first.hour, language), half(last.hour, language)] as const;
  const [from, to] = [first, last].map((one) => `${one.hour % 12 || 12}:${two(one.minute)}`);
  if (halves[0] === halves[1]) return language === 'en' ? `${from}–${to} ${halves[1]}` : `${halves[0]} ${from}–${to}`;
  return language === 'en' ? `${from} ${halves[0]}–${to} ${halves[1]}` : `${halves[0]} ${from}–${halves[1]} ${to}`;
}
