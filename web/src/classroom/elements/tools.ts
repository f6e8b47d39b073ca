// <tc-tools>: what a teacher can do with the whole class.
import { html, nothing, type TemplateResult } from 'lit';
import { pair } from '../../i18n/element.ts';
import { language, t } from '../../i18n/language.ts';
import type { Right } from '../protocol.ts';
import { DialogPart } from './dialog.ts';
import { nameOf } from './part.ts';
import { RIGHT_NAMES } from './person.ts';

export class ToolsElement extends DialogPart {
  protected override render(): TemplateResult {
    const { is_locked, permissions, lesson, you, reports } = this.state;
    const tag = language();
    const mine = lesson.sides.find((side) => side.key === you.side);
    const isTogether = mine?.mode === 'class_to_class';
    const checked = (event: Event): boolean => (event.target as HTMLInputElement).checked;
    return this.frame(
      pair('Class tools'),
      html`<div class="tools-grid">
          <button class="button" data-main @click=${() => this.send('mute', { people: 'pupils', source: 'microphone' })}>${pair('Mute all pupils')}</button>
          <button class="button" @click=${() => this.send('mute', { people: 'everyone', source: 'microphone' })}>${pair('Mute everybody')}</button>
          <button class="button" @click=${() => this.send('mute', { people: 'pupils', source: 'camera' })}>${pair('Stop all pupil cameras')}</button>
          <button class="button" ?disabled=${this.state.hands.length === 0} @click=${() => this.send('hands_clear', {})}>${pair('Lower all hands')}</button>
        </div>
        <label class="check" lang=${tag}>
          <input type="checkbox" .checked=${is_locked} @change=${(event: Event) => this.send('lock', { locked: checked(event) })} />
          <span>${t('Lock the lesson')}<small>${t('Nobody new is let in. Who is inside may come back after an interruption.')}</small></span>
        </label>
        <fieldset class="rights" lang=${tag}>
          <legend class="field-label">${t('Pupils may')}</legend>
          ${(Object.keys(RIGHT_NAMES) as Right[]).map(
            (what) => html`<label class="check">
              <input type="checkbox" data-right=${what} .checked=${permissions[what]} @change=${(event: Event) => this.send('permit', { what, allowed: checked(event) })} />
              <span>${t(RIGHT_NAMES[what])}</span>
            </label>`,
          )}
        </fieldset>
        <fieldset class="rights" lang=${tag}>
          <legend class="field-label">${t('One camera for my whole class')}</legend>
          <label class="check">
            <input type="checkbox" .checked=${isTogether} @change=${(event: Event) => this.send('set_mode', { side: you.side, mode: checked(event) ? 'class_to_class' : 'individual' })} />
            <span>${t('Class to class')}<small>${t('The big screen sees and hears for the class. Pupils keep chat, hands and words on their own devices, without sound: no echo.')}</small></span>
          </label>
          ${isTogether
            ? html`<a class="button" href="/lessons/${lesson.id}/room?screen=${you.side}" target="_blank" rel="noopener">${pair('Open the big screen')}</a>`
            : nothing}
        </fieldset>
        ${reports.length === 0
          ? nothing
          : html`<section class="rights" aria-labelledby="reports-title">
              <h3 class="field-label" id="reports-title" lang=${tag}>${t('Reported problems')}</h3>
              <ul class="reports">
                ${reports.toSorted((one, two) => two.seq - one.seq).map((report) => html`<li><p>${nameOf(report.name)}</p><p class="muted" dir="auto">${report.text}${report.about ? html` <span lang=${tag}>${this.aboutOf(report.about)}</span>` : nothing}</p></li>`)}
              </ul>
            </section>`}`,
    );
  }

  /** In words what a report is about: somebody's name, or a message of the chat. */
  private aboutOf(about: string): TemplateResult | typeof nothing {
    const named = this.state.people.find((member) => member.person === about);
    if (named) return html`(${t('About:')} ${nameOf(named.name)})`;
    const message = this.state.chat.find((one) => one.message === about);
    return message ? html`(${t('About:')} ${nameOf(message.name)} <q dir="auto">${message.text}</q>)` : nothing;
  }
}
