// <tc-waiting>: who waits in the lobby, for the teachers: let in one, all, all of one's own school, or nobody.
// Where the stage needs the room it is one line: the only one who waits, or how many, with the list when asked for.
import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { pair } from '../../i18n/element.ts';
import { language, m, t } from '../../i18n/language.ts';
import type { Waiting } from '../protocol.ts';
import { ClassPart, nameOf } from './part.ts';

const NOTES: Readonly<Record<NonNullable<Waiting['note']>, string>> = {
  second_device: m('Same card on a second device. Letting in moves the pupil to it.'),
  returned: m('Was inside before no teacher was left.'),
  removed: m('Was removed before.'),
  refused: m('Was not let in before.'),
};

export class WaitingElement extends ClassPart {
  static override properties: PropertyDeclarations = { ...ClassPart.properties, isOpen: { state: true } };
  declare isOpen: boolean;

  constructor() {
    super();
    this.isOpen = false;
  }

  protected override render(): TemplateResult | typeof nothing {
    const { lobby, you, is_locked } = this.state;
    if (lobby.length === 0) return nothing;
    const mine = lobby.filter((one) => one.side === you.side);
    const inOrder = lobby.toSorted((one, two) => one.since.localeCompare(two.since));
    return html`<section class="card waiting" aria-labelledby="waiting-title" ?data-open=${this.isOpen} ?data-single=${lobby.length === 1 && !is_locked}>
      <h2 class="card-title" id="waiting-title">${pair('Waiting')} <span class="count">${lobby.length}</span></h2>
      ${is_locked
        ? html`<p class="hint" lang=${language()}>${t('The lesson is locked: nobody can be let in.')}</p>
            <button class="button" @click=${() => this.send('lock', { locked: false })}>${pair('Unlock')}</button>`
        : html`<div class="row waiting-all">
            <button class="button" data-main @click=${() => this.send('admit_all', {})}>${pair('Admit all')}</button>
            ${mine.length > 0 && mine.length < lobby.length
              ? html`<button class="button" @click=${() => this.send('admit_all', { side: you.side })}>${pair('All of my school')}</button>`
              : nothing}
          </div>`}
      <button class="button waiting-more" aria-expanded=${this.isOpen ? 'true' : 'false'} aria-controls="waiting-list" @click=${() => (this.isOpen = !this.isOpen)}>${this.isOpen ? pair('Less') : pair('Names')}</button>
      <ul class="waiting-list" id="waiting-list">
        ${repeat(inOrder, (one) => one.person, (one) => this.renderOne(one, is_locked))}
      </ul>
    </section>`;
  }

  private renderOne(one: Waiting, isLocked: boolean): TemplateResult {
    return html`<li class="waiting-one" ?data-alert=${one.note === 'second_device'}>
      <p class="waiting-name">${this.markOf(one.side)} ${nameOf(one.name)}</p>
      ${one.note ? html`<p class="waiting-note" lang=${language()}>${t(NOTES[one.note])}</p>` : nothing}
      <div class="row">
        <button class="button" ?disabled=${isLocked} @click=${() => this.send('admit', { people: [one.person] })}>${pair('Admit')}</button>
        <button class="button" @click=${() => this.send('refuse', { person: one.person })}>${pair('Refuse')}</button>
      </div>
    </li>`;
  }
}
