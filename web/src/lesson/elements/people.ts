// <tc-people>: who is here, side by side, with microphone, camera and connection in words.
import { html, nothing, type TemplateResult } from 'lit';
import { PageElement, pair } from '../../i18n/element.ts';
import { language, m, otherLanguage, t } from '../../i18n/language.ts';
import { sideMark, SIDE_NAMES } from '../../ui/side.ts';
import type { Side } from '../lesson.ts';
import type { Person, Quality } from '../people.ts';

export const QUALITY_WORDS: Readonly<Record<Quality, string>> = {
  excellent: m('Connection very good'),
  good: m('Connection good'),
  poor: m('Connection weak'),
  lost: m('Connection lost'),
  unknown: m('Connection being measured'),
};

const GROUPS: readonly (Side | undefined)[] = ['tw', 'us', undefined];

export class PeopleElement extends PageElement {
  static override properties = { people: { attribute: false } };
  declare people: readonly Person[];

  protected override render(): TemplateResult {
    return html`<h2 class="card-title">${pair('People')} <span class="count">${this.people.length}</span></h2>
      ${GROUPS.map((side) => this.renderGroup(side))}`;
  }

  private renderGroup(side: Side | undefined): TemplateResult | typeof nothing {
    const members = this.people.filter((person) => person.side === side);
    if (members.length === 0) return nothing;
    return html`${side ? html`<h3 class="people-side" data-side=${side}>${sideMark(side)}${pair(SIDE_NAMES[side])}</h3>` : nothing}
      <ul class="people">
        ${members.map((person) => this.renderPerson(person))}
      </ul>`;
  }

  private renderPerson(person: Person): TemplateResult {
    const first = person.name[language()];
    const second = person.name[otherLanguage()];
    const words = [
      person.isMicrophoneOn ? t('Mic on') : t('Mic off'),
      person.isCameraOn ? t('Camera on') : t('Camera off'),
      ...(person.isScreenOn ? [t('Sharing the screen')] : []),
    ];
    return html`<li class="person" data-quality=${person.quality}>
      <p class="person-name">
        <bdi lang=${language()}>${first}</bdi>${second === first ? nothing : html` <bdi class="muted" lang=${otherLanguage()}>${second}</bdi>`}
        ${person.isMe ? html`<span class="muted" lang=${language()}>${t('(you)')}</span>` : nothing}
      </p>
      <p class="person-state" lang=${language()}>${words.join(' · ')}</p>
      <p class="person-quality" lang=${language()}>${t(QUALITY_WORDS[person.quality])}</p>
    </li>`;
  }
}
