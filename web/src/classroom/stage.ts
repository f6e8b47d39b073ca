// Who stands where on the stage of a class, a page at a time, and so whose pictures are received at all.
import type { Person } from '../lesson/people.ts';
import type { Reception } from '../lesson/session.ts';
import type { Placed, StageMode } from '../lesson/stage_plan.ts';

export interface ClassStagePlan {
  readonly big: Placed | undefined;
  readonly small: readonly Placed[];
  /** Page shown, from 0, and how many there are. */
  readonly page: number;
  readonly pages: number;
}

export interface StageWish {
  readonly mode: StageMode;
  readonly page: number;
  /** Tiles on a page: of the grid, or of the strip beside a big picture. */
  readonly gridSize: number;
  readonly stripSize: number;
  readonly lastSpeaker: string | undefined;
  /** Sound and one small picture. */
  readonly isLowData: boolean;
}

const asCamera = (person: Person): Placed => ({ person, kind: 'camera' });

function bigOf(people: readonly Person[], wish: StageWish): Placed | undefined {
  const sharing = people.filter((person) => person.isScreenOn);
  const shown = sharing.find((person) => !person.isMe) ?? sharing[0];
  if (shown) return { person: shown, kind: 'screen' };
  if ((wish.mode !== 'speaker' && !wish.isLowData) || people.length < 2) return undefined;
  const others = people.filter((person) => !person.isMe);
  const speaker = others.find((person) => person.identity === wish.lastSpeaker) ?? others.find((person) => person.isCameraOn) ?? others[0];
  return speaker ? asCamera(speaker) : undefined;
}

/** A shared screen is always big. With less data there is one picture only, and everybody else is in the list of people. */
export function planClassStage(people: readonly Person[], wish: StageWish): ClassStagePlan {
  const big = bigOf(people, wish);
  if (wish.isLowData && big) return { big, small: [], page: 0, pages: 1 };
  const screens = people.filter((person) => person.isScreenOn && person !== big?.person).map((person): Placed => ({ person, kind: 'screen' }));
  const cameras = people.filter((person) => big?.kind !== 'camera' || person !== big.person).map(asCamera);
  const all = [...screens, ...cameras];
  const size = Math.max(1, big ? wish.stripSize : wish.gridSize);
  const pages = Math.max(1, Math.ceil(all.length / size));
  const page = Math.min(Math.max(0, wish.page), pages - 1);
  return { big, small: all.slice(page * size, (page + 1) * size), page, pages };
}

/** The pictures that are on the stage; with less data no camera but the big one. */
export function receptionOf(plan: ClassStagePlan, isLowData: boolean): Reception {
  const seen = isLowData ? [plan.big] : [plan.big, ...plan.small];
  const others = seen.filter((placed) => placed !== undefined && !placed.person.isMe) as readonly Placed[];
  return { pictures: new Set(others.map(({ kind, person }) => `${kind}/${person.identity}`)), hasSound: true };
}

export interface CompanionWish {
  readonly hasSound: boolean;
  readonly hasPicture: boolean;
}

/** A companion receives nothing but what its pupil chose: the room's big screen has the rest. */
export function companionReception(plan: ClassStagePlan, wish: CompanionWish): Reception {
  const { pictures } = receptionOf(plan, true);
  return { pictures: wish.hasPicture ? pictures : new Set(), hasSound: wish.hasSound };
}

const TILE = { width: 220, height: 132 }; // below it a face in a class of thirty is a guess
const NEAR_TILE = { width: 172, height: 104 }; // on a phone, which is held near
const PHONE_PX = 480;
const MOST = 16; // what a Chromebook decodes beside a shared screen without a hot fan

export function gridSize(width: number, height: number): number {
  const tile = width < PHONE_PX ? NEAR_TILE : TILE;
  return Math.min(MOST, Math.max(1, Math.floor(width / tile.width)) * Math.max(1, Math.floor(height / tile.height)));
}

/** Tiles of a strip of this length, each so long. */
export const stripSize = (length: number, each: number): number => Math.max(1, Math.min(8, Math.floor(length / each)));
