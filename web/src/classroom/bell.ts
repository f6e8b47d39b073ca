// What the clock says about the end of the lesson: a word in time before the bell, and another after it.

export interface Bell {
  readonly kind: 'soon' | 'over';
  /** Minutes that are left, or that it is over, rounded so that nobody is told "0 minutes". */
  readonly minutes: number;
}

const WARN_MINUTES = 5; // time for a good-bye song and the chairs
const MINUTE_MS = 60_000;

export function bellAt(endsAt: string, now: number): Bell | undefined {
  const left = Date.parse(endsAt) - now;
  if (Number.isNaN(left) || left > WARN_MINUTES * MINUTE_MS) return undefined;
  if (left > 0) return { kind: 'soon', minutes: Math.max(1, Math.ceil(left / MINUTE_MS)) };
  return { kind: 'over', minutes: Math.max(1, Math.floor(-left / MINUTE_MS)) };
}

/** Whole seconds until an instant, never below 0. */
export const secondsUntil = (instant: string, now: number): number => Math.max(0, Math.ceil((Date.parse(instant) - now) / 1000));
