// <tc-header>: the lesson's title in both languages, the language switch and the dual clock with the viewer's own side filled.
import { html, nothing, type TemplateResult } from 'lit';
import { PageElement } from '../../i18n/element.ts';
import { inBoth, language, otherLanguage, setLanguage, t } from '../../i18n/language.ts';
import { sideMark } from '../../ui/side.ts';
import type { Lesson, SeatInfo } from '../lesson.ts';

const OWN_NAMES = { en: 'English', 'zh-Hant-TW': '中文' } as const;

export class HeaderElement extends PageElement {
  static override properties = { lesson: { attribute: false }, seat: { attribute: false }, isDoor: { attribute: false }, extra: { attribute: false } };
  declare lesson: Lesson;
  declare seat: SeatInfo;
  declare isDoor: boolean;
  /** What the page adds beside the language switch. */
  declare extra: TemplateResult | typeof nothing | undefined;

  protected override render(): TemplateResult {
    const title = inBoth(this.lesson.title);
    const name = html`<span lang=${language()}>${title.first}</span> <span class="top-title-other" lang=${otherLanguage()}>${title.second}</span>`;
    return html`
      ${this.isDoor
        ? html`<a class="brand" href="/"><span lang="zh-Hant-TW">同窗</span> <span lang="en">Tongchuang</span></a>`
        : html`<h1 class="top-title">${name}</h1>`}
      <button class="language" lang=${otherLanguage()} @click=${() => setLanguage(otherLanguage())}>${OWN_NAMES[otherLanguage()]}</button>
      ${this.extra ?? nothing}
      <div class="clocks" role="group" aria-label=${t('Time on both sides')}>${this.clockSeats().map((seat) => this.renderClock(seat))}</div>
    `;
  }

  /** One clock per place, though several people may sit there. */
  private clockSeats(): readonly SeatInfo[] {
    const seats = this.lesson.people;
    return seats.filter((seat, index) => seats.findIndex((one) => one.zone === seat.zone) === index);
  }

  private renderClock(seat: SeatInfo): TemplateResult {
    const isMine = seat.zone === this.seat.zone;
    const place = inBoth(seat.place);
    return html`<div class="clock" data-side=${seat.side} ?data-mine=${isMine}>
      <span class="clock-place">${sideMark(seat.side)}<span lang=${language()}>${place.first}</span> <span class="clock-other" lang=${otherLanguage()}>${place.second}</span>${isMine
          ? html`<span class="visually-hidden" lang=${language()}> ${t('your side')}</span>`
          : nothing}</span>
      <tc-clock side=${seat.side} zone=${seat.zone}></tc-clock>
    </div>`;
  }
}
