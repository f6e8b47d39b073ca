// <tc-other-side groups="…">: while a lesson's hour is chosen, how it reads on both sides. The page works without it:
// the confirmation step says the same, drawn by the server.
import { isLanguage, type Bilingual, type Language } from '../i18n/language.ts';
import { isSide, type Side } from '../lesson/lesson.ts';
import { dayIn, dayInWords, hoursIn, instantOf } from './two_zones.ts';

const SVG = 'http://www.w3.org/2000/svg';

interface Place {
  readonly side: string;
  readonly zone: string;
  readonly place: Bilingual;
}

function line(className: string, lang: Language, text: string): HTMLElement {
  const whole = document.createElement('span');
  whole.className = className;
  whole.lang = lang;
  whole.textContent = text;
  return whole;
}

/** The side's shape before its name: a round persimmon for Taiwan, a diamond for the United States. */
function placeLine(side: Side, name: HTMLElement): HTMLElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'side-mark');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('aria-hidden', 'true');
  svg.dataset['side'] = side;
  const shape = document.createElementNS(SVG, side === 'tw' ? 'circle' : 'path');
  const drawn = side === 'tw' ? { cx: '8', cy: '8', r: '7' } : { d: 'M8 0.5 15.5 8 8 15.5 0.5 8Z' };
  for (const [key, value] of Object.entries(drawn)) shape.setAttribute(key, value);
  svg.append(shape);
  name.prepend(svg);
  return name;
}

class OtherSideElement extends HTMLElement {
  private readonly follow = (): void => this.draw();

  connectedCallback(): void {
    this.form?.addEventListener('input', this.follow);
    this.draw();
  }

  disconnectedCallback(): void {
    this.form?.removeEventListener('input', this.follow);
  }

  private get form(): HTMLFormElement | null {
    return this.closest('form');
  }

  private typed(name: string): string {
    const value = this.form ? new FormData(this.form).get(name) : null;
    return typeof value === 'string' ? value : '';
  }

  private draw(): void {
    const groups = JSON.parse(this.getAttribute('groups') ?? '{}') as Record<string, Place>;
    const sides = [groups[this.typed('mine')], groups[this.typed('partner')]] as const;
    const anchor = sides[this.typed('anchor') === 'partner' ? 1 : 0];
    const at = anchor ? instantOf({ date: this.typed('date'), time: this.typed('start') }, anchor.zone) : undefined;
    this.dataset['state'] = typeof at === 'number' ? 'told' : (at ?? 'waiting');
    if (typeof at !== 'number') {
      const message = document.createElement('p');
      message.textContent = this.getAttribute(at ?? 'waiting') ?? '';
      this.replaceChildren(message);
      return;
    }
    const language = isLanguage(document.documentElement.lang) ? document.documentElement.lang : 'en';
    const minutes = Number(this.typed('minutes')) || 40;
    this.replaceChildren(...sides.flatMap((side) => (side ? [this.half(side, at, minutes, language)] : [])));
  }

  private half({ side, zone, place }: Place, at: number, minutes: number, language: Language): HTMLElement {
    const half = document.createElement('div');
    half.className = 'stay';
    half.dataset['side'] = side;
    const known = isSide(side) ? side : 'us';
    const own = known === 'tw' ? 'zh-Hant-TW' : 'en';
    half.append(
      placeLine(known, line('stay-place', language, place[language])),
      line('stay-day', own, dayIn(zone, at, known)),
      line('stay-hours', own, hoursIn(zone, at, minutes, known)),
      ...(own === language ? [] : [line('stay-words', language, dayInWords(zone, at, language))]),
    );
    return half;
  }
}

export const defineOtherSide = (): void => {
  if (!customElements.get('tc-other-side')) customElements.define('tc-other-side', OtherSideElement);
};
