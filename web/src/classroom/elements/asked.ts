// <tc-asked>: a teacher asks to switch something on; only the person can. And <tc-end>: how a lead goes.
import { html, type PropertyDeclarations, type TemplateResult } from 'lit';
import { pair } from '../../i18n/element.ts';
import { isolated, language, m, t } from '../../i18n/language.ts';
import type { PleaseUnmute, Source } from '../protocol.ts';
import { DialogPart } from './dialog.ts';
import { ClassPart } from './part.ts';

const QUESTIONS: Readonly<Record<Source, string>> = {
  microphone: m('%(name)s asks you to speak. Turn your microphone on?'),
  camera: m('%(name)s would like to see you. Turn your camera on?'),
  screen_share: m('%(name)s asks you to share your screen.'),
};

export class AskedElement extends DialogPart {
  static override properties: PropertyDeclarations = { ...ClassPart.properties, asked: { attribute: false } };
  declare asked: PleaseUnmute | undefined;

  private shown: PleaseUnmute | undefined;

  protected override updated(): void {
    if (this.asked === this.shown) return;
    this.shown = this.asked;
    if (this.asked) this.show();
    else this.close();
  }

  protected override onClosed(): void {
    super.onClosed();
    if (this.asked) this.answer(false);
  }

  protected override render(): TemplateResult {
    const { asked } = this;
    if (!asked) return this.frame(pair('A teacher asks'), html``);
    const says = t(QUESTIONS[asked.source], { name: isolated(asked.name[language()]) });
    return this.frame(
      pair('A teacher asks'),
      html`<p class="asked" lang=${language()}>${says}</p>
        <div class="row">
          <button class="button" data-main @click=${() => this.answer(true)}>${pair('Turn it on')}</button>
          <button class="button" @click=${() => this.answer(false)}>${pair('Not now')}</button>
        </div>`,
    );
  }

  private answer(isOn: boolean): void {
    this.dispatchEvent(new CustomEvent<boolean>('answer', { detail: isOn, bubbles: true }));
  }
}

export class EndElement extends DialogPart {
  protected override render(): TemplateResult {
    const tag = language();
    return this.frame(
      pair('Leave the lesson'),
      html`<div class="ways-out">
        <button class="button" data-action="just-leave" @click=${this.andClose(() => this.go())}>${pair('Leave')}</button>
        <p class="hint" lang=${tag}>${t('The lesson goes on. You can come back.')}</p>
        <button class="button" data-danger data-action="end" @click=${this.andClose(() => this.send('end', {}))}>${pair('End for all')}</button>
        <p class="hint" lang=${tag}>${t('Everybody leaves, of both schools. Afterwards you find the attendance.')}</p>
      </div>`,
    );
  }

  private go(): void {
    this.dispatchEvent(new CustomEvent('leave', { bubbles: true }));
  }
}
