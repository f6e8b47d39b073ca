// Who stands where on the stage: decided here, drawn by the components.
import type { Person } from './people.ts';

export type StageMode = 'tiles' | 'speaker';

export interface Placed {
  readonly person: Person;
  readonly kind: 'camera' | 'screen';
}

export interface StagePlan {
  readonly big: Placed | undefined;
  readonly small: readonly Placed[];
}

const asCamera = (person: Person): Placed => ({ person, kind: 'camera' });

/**
 * A shared screen is always big (the newest wins over one's own). In speaker view the last speaker is big, and oneself only
 * when alone. `lastSpeaker` is kept by the caller, so that the stage does not jump at every pause.
 */
export function planStage(people: readonly Person[], mode: StageMode, lastSpeaker: string | undefined): StagePlan {
  const sharing = people.filter((person) => person.isScreenOn);
  const shown = sharing.find((person) => !person.isMe) ?? sharing[0];
  if (shown) {
    const others = sharing.filter((person) => person !== shown).map((person): Placed => ({ person, kind: 'screen' }));
    return { big: { person: shown, kind: 'screen' }, small: [...others, ...people.map(asCamera)] };
  }
  if (mode === 'speaker' && people.length > 1) {
    const others = people.filter((person) => !person.isMe);
    const speaker = others.find((person) => person.identity === lastSpeaker) ?? others[0];
    if (speaker) return { big: asCamera(speaker), small: people.filter((person) => person !== speaker).map(asCamera) };
  }
  return { big: undefined, small: people.map(asCamera) };
}

export interface TileFit {
  readonly width: number;
  readonly height: number;
}

/** A tile may be cut a little at the sides or above, never so much that a face is lost (cameras give 16:9). */
const NARROWEST = 1.2;
const WIDEST = 16 / 9;
const SMALLEST_PX = 140; // below it nobody is recognised: the stage scrolls instead

/** The size of `count` equal tiles that cover the most of a box, in rows. */
export function fitTiles(count: number, width: number, height: number): TileFit {
  let best: TileFit = { width: 0, height: 0 };
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const cell = { width: width / columns, height: height / Math.ceil(count / columns) };
    const ratio = Math.min(WIDEST, Math.max(NARROWEST, cell.width / cell.height));
    const tileWidth = Math.min(cell.width, cell.height * ratio);
    if (tileWidth * tileWidth / ratio > best.width * best.height) best = { width: tileWidth, height: tileWidth / ratio };
  }
  if (best.width >= SMALLEST_PX) return best;
  const columns = Math.max(1, Math.floor(width / SMALLEST_PX));
  return { width: width / columns, height: width / columns / WIDEST };
}
