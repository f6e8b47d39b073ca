// <tc-person>: what a teacher can do with one person, each a word, in one dialog for mouse, finger and keyboard.
import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { pair } from '../../i18n/element.ts';
import { isolated, language, m, t } from '../../i18n/language.ts';
import type { Media } from '../../lesson/people.ts';
import type { Member, Right } from '../protocol.ts';
import { memberOf } from '../store.ts';
import { ClassPart, nameOf, ROLE_NAMES } from './part.ts';
import { DialogPart } from './dialog.ts';

export const RIGHT_NAMES: Readonly<Record<Right, string>> = {
  microphone: m('Use the microphone'),
  camera: m('Use the camera'),
  screen_share: m('Share the screen'),
  chat: m('Write to everybody'),
};

export class PersonElement extends DialogPart {
  static override properties: PropertyDeclarations = { ...ClassPart.properties, media: { attribute: false }, person: { state: true }, isSure: { state: true } };
  declare media: ReadonlyMap<string, Media>;
  declare person: string;
  declare isSure: boolean;

  constructor() {
    super();
    this.person = '';
    this.isSure = false;
  }

  showFor(person: string): void {
    this.person = person;
    this.isSure = false;
    this.show();
  }

  protected override render(): TemplateResult {
    const member = memberOf(this.state, this.person);
    if (!member) return this.frame(pair('This person is not in the room any more.'), html``);
    return this.frame(nameOf(member.name), this.renderTools(member));
  }

  private renderTools(member: Member): TemplateResult {
    const { person } = member;
    const media = this.media.get(person);
    const tag = language();
    const you = this.state.you;
    const isGuest = member.role === 'pupil' || member.role === 'screen';
    const mayTakeLead = you.role === 'lead' && member.side === you.side && (member.role === 'co_teacher' || member.role === 'substitute');
    return html`<p class="hint" lang=${tag}>${this.markOf(member.side)} ${t(ROLE_NAMES[member.role])}${member.is_companion ? html` · ${t('Silent companion')}` : nothing}</p>
      <div class="tools-grid">
        ${media?.isMicrophoneOn
          ? html`<button class="button" @click=${() => this.send('mute', { people: [person], source: 'microphone' })}>${pair('Mute')}</button>`
          : html`<button class="button" ?disabled=${!media || member.is_companion} @click=${() => this.send('ask_unmute', { person, source: 'microphone' })}>${pair('Ask to unmute')}</button>`}
        ${media?.isCameraOn
          ? html`<button class="button" @click=${() => this.send('mute', { people: [person], source: 'camera' })}>${pair('Stop the camera')}</button>`
          : html`<button class="button" ?disabled=${!media || member.is_companion} @click=${() => this.send('ask_unmute', { person, source: 'camera' })}>${pair('Ask for the camera')}</button>`}
        ${media?.isScreenOn ? html`<button class="button" @click=${() => this.send('mute', { people: [person], source: 'screen_share' })}>${pair('Stop the sharing')}</button>` : nothing}
        ${this.state.hands.includes(person) ? html`<button class="button" @click=${() => this.send('hand_lower', { person })}>${pair('Lower the hand')}</button>` : nothing}
      </div>
      ${media || member.is_companion ? nothing : html`<p class="hint" lang=${tag}>${t('Sound and picture of this person are not connected.')}</p>`}
      ${member.role === 'pupil' && !member.is_companion ? this.renderRights(member) : nothing}
      ${mayTakeLead
        ? html`<button class="button" @click=${this.andClose(() => this.send('hand_over', { to: person }))}>${pair('Hand over the lead')}</button>
            <p class="hint" lang=${tag}>${t('You stay in the room as a co-teacher.')}</p>`
        : nothing}
      <div class="tools-grid">
        <button class="button" @click=${this.andClose(() => this.wish({ open: 'report', about: person, name: member.name }))}>${pair('Report it')}</button>
        ${isGuest ? html`<button class="button" data-danger aria-expanded=${this.isSure ? 'true' : 'false'} @click=${() => (this.isSure = !this.isSure)}>${pair('Remove…')}</button>` : nothing}
      </div>
      ${this.isSure
        ? html`<div class="trouble" lang=${tag}>
            <p>${t('%(name)s leaves at once, and comes back only when a teacher lets them in again.', { name: isolated(member.name[tag]) })}</p>
            <button class="button" data-danger @click=${this.andClose(() => this.send('remove', { person }))}>${pair('Remove now')}</button>
          </div>`
        : nothing}`;
  }

  private renderRights(member: Member): TemplateResult {
    const tag = language();
    return html`<fieldset class="rights" lang=${tag}>
      <legend class="field-label">${t('This pupil may')}</legend>
      ${(Object.keys(RIGHT_NAMES) as Right[]).map(
        (what) => html`<label class="check">
          <input type="checkbox" .checked=${member.allowed[what]}
            @change=${(event: Event) => this.send('permit_person', { person: member.person, what, allowed: (event.target as HTMLInputElement).checked })} />
          <span>${t(RIGHT_NAMES[what])}</span>
        </label>`,
      )}
    </fieldset>`;
  }
}
