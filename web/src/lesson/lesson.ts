// A lesson as the API describes it: two sides that share one class.
import type { Bilingual } from '../i18n/language.ts';

export type Side = 'tw' | 'us';

export interface SeatInfo {
  readonly seat: string;
  readonly side: Side;
  readonly name: Bilingual;
  readonly place: Bilingual;
  readonly zone: string;
}

export interface Lesson {
  readonly id: string;
  readonly room: string;
  readonly title: Bilingual;
  readonly is_always_live: boolean;
  readonly people: readonly SeatInfo[];
}

export const isSide = (value: string | undefined): value is Side => value === 'tw' || value === 'us';
export const seatOf = (lesson: Lesson, seat: string): SeatInfo | undefined => lesson.people.find((person) => person.seat === seat);
