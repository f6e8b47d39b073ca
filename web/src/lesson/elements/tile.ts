// <tc-tile>: one person's camera or shared screen, with name, side and state in words.
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { Track } from 'livekit-client';
import { PageElement } from '../../i18n/element.ts';
import { initialOf, isolated, language, otherLanguage, t } from '../../i18n/language.ts';
import { sideMark } from '../../ui/side.ts';
import type { Placed } from '../stage_plan.ts';

export class TileElement extends PageElement {
  static override properties = { placed: { attribute: false }, isBig: { attribute: false } };
  declare placed: Placed;
  declare isBig: boolean;
  private attached: Track | undefined;

  private get track(): Track | undefined {
    const { person, kind } = this.placed;
    return kind === 'screen' ? person.screen : person.camera;
  }

  protected override updated(_changed: PropertyValues): void {
    const video = this.querySelector('video');
    if (this.attached !== this.track || (this.attached && !this.attached.attachedElements.includes(video as HTMLMediaElement))) {
      this.release();
      if (video && this.track) {
        this.track.attach(video);
        this.attached = this.track;
      }
    }
    this.dataset['kind'] = this.placed.kind;
    this.dataset['identity'] = this.placed.person.identity;
    this.toggleAttribute('speaking', this.placed.kind === 'camera' && this.placed.person.isSpeaking);
    this.toggleAttribute('big', this.isBig);
    if (this.placed.person.side) this.dataset['side'] = this.placed.person.side;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.requestUpdate(); // a moved tile attaches again
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.release();
  }

  private release(): void {
    const video = this.querySelector('video');
    if (video) this.attached?.detach(video);
    this.attached = undefined;
  }

  protected override render(): TemplateResult {
    const { person, kind } = this.placed;
    const isMirrored = person.isMe && kind === 'camera';
    return html`
      <video class="tile-video" ?data-mirrored=${isMirrored} ?hidden=${!this.track} autoplay playsinline .muted=${true} aria-hidden="true"></video>
      ${this.track ? nothing : this.renderEmpty()}
      <div class="tile-foot">
        <span class="tile-name">${sideMark(person.side)}${this.renderName()}</span>
        ${kind === 'camera' && !person.isMicrophoneOn ? html`<span class="tile-chip">${t('Muted')}</span>` : nothing}
        ${kind === 'camera' && (person.quality === 'poor' || person.quality === 'lost')
          ? html`<span class="tile-chip" data-warn>${person.quality === 'poor' ? t('Weak connection') : t('Connection lost')}</span>`
          : nothing}
        ${kind === 'camera' && person.isSpeaking ? html`<span class="tile-chip" data-speaking>${t('Speaking')}</span>` : nothing}
      </div>
    `;
  }

  private renderName(): TemplateResult {
    const { person, kind } = this.placed;
    const first = person.name[language()];
    const second = person.name[otherLanguage()];
    if (kind === 'screen') return html`<bdi lang=${language()}>${person.isMe ? t('Your screen') : t('Screen of %(name)s', { name: isolated(first) })}</bdi>`;
    return html`<bdi lang=${language()}>${first}</bdi>${second === first ? nothing : html` <bdi class="tile-name-other" lang=${otherLanguage()}>${second}</bdi>`}${person.isMe
        ? html` <span lang=${language()}>${t('(you)')}</span>`
        : nothing}${person.place ? html`<span class="tile-place" lang=${language()}>· ${person.place[language()]}</span>` : nothing}`;
  }

  private renderEmpty(): TemplateResult {
    const { person, kind } = this.placed;
    if (kind === 'screen') return html`<div class="tile-empty"><span lang=${language()}>${t('The screen is coming…')}</span></div>`;
    const initial = initialOf(person.name[language()]);
    return html`<div class="tile-empty"><span class="tile-initial" data-side=${person.side ?? ''} aria-hidden="true">${initial}</span><span lang=${language()}>${person.isCameraOn ? t('The picture is coming…') : t('Camera off')}</span></div>`;
  }
}
