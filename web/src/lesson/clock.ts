// What two clocks show, each in its own side's convention: 24 h and 週一 in Taiwan, 12 h and Sun in the United States.
import type { Side } from './lesson.ts';

export interface ClockFace {
  readonly time: string;
  readonly weekday: string;
  /** For screen readers and `datetime`. */
  readonly iso: string;
}

const FORMATS: Readonly<Record<Side, { locale: string; hour12: boolean }>> = {
  tw: { locale: 'zh-TW', hour12: false },
  us: { locale: 'en-US', hour12: true },
};

export function clockFace(side: Side, zone: string, at: Date): ClockFace {
  const { locale, hour12 } = FORMATS[side];
  const time = hour12
    ? new Intl.DateTimeFormat('en-US', { timeZone: zone, hour: 'numeric', minute: '2-digit', hour12: true }).format(at)
    : new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', hour12: false }).format(at);
  const weekday = new Intl.DateTimeFormat(locale, { timeZone: zone, weekday: 'short' }).format(at);
  // Why: some engines put a narrow no-break space before AM/PM, which looks like a missing glyph in our font.
  return { time: time.replace(/\u202f/g, ' '), weekday, iso: at.toISOString() };
}

/** Milliseconds until the next minute begins: the clock is drawn once per minute. */
export const untilNextMinute = (at: Date): number => 60_000 - (at.getTime() % 60_000);
