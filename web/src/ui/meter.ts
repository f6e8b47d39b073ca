// <tc-meter>: a microphone's level as twelve bars; drawn without style attributes, which the content policy forbids.
import { html, type TemplateResult } from 'lit';
import { PageElement } from '../i18n/element.ts';
import { t } from '../i18n/language.ts';
import { watchLevel } from '../media/level.ts';

const BARS = 12;
const HEARD_AT = 0.35; // about -42 dBFS: above a fan or a quiet class, below soft speech at arm's length

export class MeterElement extends PageElement {
  static override properties = { track: { attribute: false }, level: { state: true }, wasHeard: { state: true } };
  declare track: MediaStreamTrack | undefined;
  declare level: number;
  declare wasHeard: boolean;
  private stop: (() => void) | undefined;
  private watched: MediaStreamTrack | undefined;

  constructor() {
    super();
    this.level = 0;
    this.wasHeard = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stop?.();
    this.watched = undefined;
  }

  protected override updated(): void {
    if (this.track === this.watched) return;
    this.stop?.();
    this.stop = undefined;
    this.watched = this.track;
    if (this.track) this.stop = watchLevel(this.track, (level) => this.onLevel(level));
  }

  private onLevel(level: number): void {
    this.level = Math.round(level * BARS);
    if (level >= HEARD_AT && !this.wasHeard) {
      this.wasHeard = true;
      this.dispatchEvent(new CustomEvent('heard', { bubbles: true }));
    }
  }

  protected override render(): TemplateResult {
    const bars = Array.from({ length: BARS }, (_, index) => html`<i ?data-lit=${index < this.level}></i>`);
    return html`<div class="meter" role="meter" aria-label=${t('Microphone level')} aria-valuemin="0" aria-valuemax=${BARS} aria-valuenow=${this.level}>${bars}</div>`;
  }
}
