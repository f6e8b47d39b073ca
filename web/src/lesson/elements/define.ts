// Names of all elements of the lesson page.
import { BannerElement } from './banner.ts';
import { DevicesElement } from './devices.ts';
import { DockElement } from './dock.ts';
import { HeaderElement } from './header.ts';
import { LessonElement } from './lesson.ts';
import { PeopleElement } from './people.ts';
import { PrejoinElement } from './prejoin.ts';
import { SettingsElement } from './settings.ts';
import { StageElement } from './stage.ts';
import { TileElement } from './tile.ts';
import { MeterElement } from '../../ui/meter.ts';
import { defineClock } from '../clock_element.ts';

const ELEMENTS = {
  'tc-banner': BannerElement,
  'tc-devices': DevicesElement,
  'tc-dock': DockElement,
  'tc-header': HeaderElement,
  'tc-meter': MeterElement,
  'tc-people': PeopleElement,
  'tc-prejoin': PrejoinElement,
  'tc-settings': SettingsElement,
  'tc-stage': StageElement,
  'tc-tile': TileElement,
  'tc-lesson': LessonElement, // last: it starts the page
} as const;

type Elements = typeof ELEMENTS;
declare global {
  interface HTMLElementTagNameMap extends Record<'tc-devices', InstanceType<Elements['tc-devices']>> {}
}

export function defineLesson(): void {
  defineClock();
  for (const [name, element] of Object.entries(ELEMENTS)) customElements.define(name, element);
}
