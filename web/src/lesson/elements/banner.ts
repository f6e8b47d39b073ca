// <tc-banner>: one's own connection in words: being restored, back, or lost with a way to try again.
import { html, nothing, type TemplateResult } from 'lit';
import { PageElement } from '../../i18n/element.ts';
import { language, t } from '../../i18n/language.ts';
import type { Quality } from '../people.ts';
import type { Phase } from '../phase.ts';

export class BannerElement extends PageElement {
  static override properties = {
    phase: { attribute: false },
    trouble: { attribute: false },
    remark: { attribute: false },
    quality: { attribute: false },
    isAudioLocked: { attribute: false },
  };
  declare phase: Phase;
  declare trouble: string;
  declare remark: string;
  declare quality: Quality;
  declare isAudioLocked: boolean;

  protected override render(): TemplateResult {
    return html`<div role="status" aria-live="polite">${this.renderLine()}</div>
      ${this.isAudioLocked && this.phase === 'live'
        ? html`<div class="banner" data-tone="sun" lang=${language()}>
            <span>${t('The browser holds the sound back until you click.')}</span>
            <button class="button" @click=${() => this.ask('unlock-audio')}>${t('Turn the sound on')}</button>
          </div>`
        : nothing}
      ${this.phase === 'lost'
        ? html`<div class="banner" data-tone="bad" role="alert" lang=${language()}>
            <span>${t(this.trouble)}</span><button class="button" @click=${() => this.ask('rejoin')}>${t('Join again')}</button>
          </div>`
        : nothing}`;
  }

  private renderLine(): TemplateResult | typeof nothing {
    const line = this.line();
    return line ? html`<div class="banner" data-tone=${line.tone} lang=${language()}><span>${line.text}</span></div>` : nothing;
  }

  private line(): { tone: string; text: string } | undefined {
    switch (this.phase) {
      case 'connecting':
        return { tone: 'calm', text: t('Joining the lesson…') };
      case 'recovering':
        return { tone: 'sun', text: t('The connection was interrupted. Restoring it…') };
      case 'back':
        return { tone: 'good', text: t('You are back in the lesson.') };
      case 'lost':
      case 'left':
        return undefined;
      case 'live':
        if (this.remark) return { tone: 'sun', text: t(this.remark) };
        if (this.quality === 'poor') return { tone: 'sun', text: t('Your connection is weak. Less data, under Settings, may help.') };
        return undefined;
    }
  }

  private ask(name: 'rejoin' | 'unlock-audio'): void {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true }));
  }
}
