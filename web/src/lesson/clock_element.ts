// <tc-clock side zone city city-other>: one half of the dual clock. No framework, because every page carries it.
import { clockFace, untilNextMinute } from './clock.ts';
import { isSide } from './lesson.ts';

const LANG = { tw: 'zh-Hant-TW', us: 'en' } as const;

export class ClockElement extends HTMLElement {
  private timer: ReturnType<typeof setTimeout> | undefined;

  connectedCallback(): void {
    this.draw();
  }

  disconnectedCallback(): void {
    clearTimeout(this.timer);
  }

  private draw(): void {
    const side = this.getAttribute('side') ?? undefined;
    const zone = this.getAttribute('zone');
    if (!isSide(side) || !zone) return;
    const now = new Date();
    const face = clockFace(side, zone, now);
    const time = document.createElement('time');
    time.dateTime = face.iso;
    time.lang = LANG[side];
    time.textContent = `${face.time} ${face.weekday}`;
    this.replaceChildren(time);
    this.timer = setTimeout(() => this.draw(), untilNextMinute(now));
  }
}

export const defineClock = (): void => {
  if (!customElements.get('tc-clock')) customElements.define('tc-clock', ClockElement);
};
