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
  const sharing = people.filter((person) => person.screen);
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

const TILE_RATIO = 16 / 9;

/** Columns of equal 16:9 tiles that fill a box best. */
export function bestColumns(count: number, width: number, height: number): number {
  let best = 1;
  let bestWidth = 0;
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const rows = Math.ceil(count / columns);
    const tileWidth = Math.min(width / columns, (height / rows) * TILE_RATIO);
    if (tileWidth > bestWidth + 0.5) [best, bestWidth] = [columns, tileWidth];
  }
  return best;
}
