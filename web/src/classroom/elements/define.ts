// Names of all elements of the classroom page.
import { BannerElement } from '../../lesson/elements/banner.ts';
import { DevicesElement } from '../../lesson/elements/devices.ts';
import { HeaderElement } from '../../lesson/elements/header.ts';
import { PrejoinElement } from '../../lesson/elements/prejoin.ts';
import { SettingsElement } from '../../lesson/elements/settings.ts';
import { TileElement } from '../../lesson/elements/tile.ts';
import { defineClock } from '../../lesson/clock_element.ts';
import { MeterElement } from '../../ui/meter.ts';
import { AskedElement, EndElement } from './asked.ts';
import { ChatElement } from './chat.ts';
import { ClassroomElement } from './classroom.ts';
import { ClassDockElement } from './dock.ts';
import { DoorElement } from './door.ts';
import { GoneElement } from './gone.ts';
import { HandsElement } from './hands.ts';
import { LobbyElement } from './lobby.ts';
import { NoticesElement } from './notices.ts';
import { PersonElement } from './person.ts';
import { ReactionsElement } from './reactions.ts';
import { ReportElement } from './report.ts';
import { RosterElement } from './roster.ts';
import { ClassStageElement } from './stage.ts';
import { ToolsElement } from './tools.ts';
import { WaitingElement } from './waiting.ts';
import { WordsElement } from './words.ts';

const ELEMENTS = {
  'tc-banner': BannerElement,
  'tc-devices': DevicesElement,
  'tc-header': HeaderElement,
  'tc-meter': MeterElement,
  'tc-prejoin': PrejoinElement,
  'tc-settings': SettingsElement,
  'tc-tile': TileElement,
  'tc-asked': AskedElement,
  'tc-chat': ChatElement,
  'tc-class-dock': ClassDockElement,
  'tc-class-door': DoorElement,
  'tc-class-stage': ClassStageElement,
  'tc-end': EndElement,
  'tc-gone': GoneElement,
  'tc-hands': HandsElement,
  'tc-lobby': LobbyElement,
  'tc-notices': NoticesElement,
  'tc-person': PersonElement,
  'tc-reactions': ReactionsElement,
  'tc-report': ReportElement,
  'tc-roster': RosterElement,
  'tc-tools': ToolsElement,
  'tc-waiting': WaitingElement,
  'tc-words': WordsElement,
  'tc-classroom': ClassroomElement, // last: it starts the page
} as const;

export function defineClassroom(): void {
  defineClock();
  for (const [name, element] of Object.entries(ELEMENTS)) customElements.define(name, element);
}
