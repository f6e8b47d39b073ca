// <tc-report>: tells both schools' teachers and the coordinator that something is wrong; open to everybody, everywhere in the lesson.
import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { pair } from '../../i18n/element.ts';
import { language, t, type Bilingual } from '../../i18n/language.ts';
import { DialogPart } from './dialog.ts';
import { ClassPart, nameOf } from './part.ts';

export class ReportElement extends DialogPart {
  static override properties: PropertyDeclarations = { ...ClassPart.properties, about: { state: true }, isEmpty: { state: true } };
  declare about: { readonly id: string; readonly name: Bilingual | undefined } | undefined;
  declare isEmpty: boolean;

  showFor(about?: string, name?: Bilingual): void {
    this.about = about === undefined ? undefined : { id: about, name };
    this.isEmpty = false;
    this.show();
  }

  protected override render(): TemplateResult {
    const tag = language();
    const isTeacher = this.state?.you.is_teacher ?? false;
    return this.frame(
      isTeacher ? pair('Report a problem') : pair('Tell a teacher'),
      html`<form class="report-form" lang=${tag} @submit=${(event: SubmitEvent) => this.submit(event)}>
        ${this.about?.name ? html`<p><strong>${t('About:')}</strong> ${nameOf(this.about.name)}</p>` : nothing}
        <label class="field">
          <span class="field-label">${t('What happened?')}</span>
          <textarea rows="4" name="text" maxlength="1000" dir="auto" aria-describedby="report-hint"></textarea>
        </label>
        ${this.isEmpty ? html`<p class="message-note" role="alert">${t('Please write a few words.')}</p>` : nothing}
        <p class="hint" id="report-hint">${t('The teachers of both schools and the coordinator read it, with the last messages. Other pupils do not.')}</p>
        <button class="button" data-main type="submit">${pair('Send it')}</button>
      </form>`,
    );
  }

  private submit(event: SubmitEvent): void {
    event.preventDefault();
    const text = this.querySelector<HTMLTextAreaElement>('textarea')?.value.trim() ?? '';
    if (!text && !this.about) {
      this.isEmpty = true;
      return;
    }
    this.send('report', { ...(this.about ? { about: this.about.id } : {}), text });
    this.close();
  }
}
