// <tc-words>: today's words in both languages; teachers add, change and take away.
import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { pair } from '../../i18n/element.ts';
import { language, t } from '../../i18n/language.ts';
import type { Word } from '../protocol.ts';
import { ClassPart, unseen } from './part.ts';

const order = (word: Word): number => Number(word.word.slice(1));

export class WordsElement extends ClassPart {
  static override properties: PropertyDeclarations = { ...ClassPart.properties, edited: { state: true } };
  /** The word in the form: a known one, a new one, or none. */
  declare edited: Word | 'new' | undefined;

  protected override render(): TemplateResult {
    const { words, you } = this.state;
    const mayEdit = you.is_teacher;
    return html`<section class="card" aria-labelledby="words-title" tabindex=${mayEdit ? nothing : 0}>
      <div class="card-head">
        <h2 class="card-title" id="words-title">${pair('Words today')}</h2>
        ${mayEdit && this.edited === undefined
          ? html`<button class="button button-small" @click=${() => void this.edit('new')}>${pair('Add')}</button>`
          : nothing}
      </div>
      ${words.length === 0 && this.edited === undefined ? html`<p class="hint" lang=${language()}>${t('No words yet.')}</p>` : nothing}
      <ul class="words" aria-live="polite">
        ${repeat(words.toSorted((one, two) => order(one) - order(two)), (word) => word.word, (word) => (this.edited !== 'new' && this.edited?.word === word.word ? this.renderForm(word) : this.renderWord(word, mayEdit)))}
        ${this.edited === 'new' ? this.renderForm(undefined) : nothing}
      </ul>
    </section>`;
  }

  private renderWord(word: Word, mayEdit: boolean): TemplateResult {
    return html`<li class="one-word">
      <p class="word-pair">
        <bdi lang="en">${word.en}</bdi> <bdi lang="zh-Hant-TW">${word.zh}</bdi>
        ${word.note ? html`<span class="muted word-note" dir="auto">${word.note}</span>` : nothing}
      </p>
      ${mayEdit
        ? html`<button class="link-button" lang=${language()} @click=${() => void this.edit(word)}>${t('Change')}${unseen(word.en || word.zh)}</button>`
        : nothing}
    </li>`;
  }

  private renderForm(word: Word | undefined): TemplateResult {
    const field = (name: 'en' | 'zh' | 'note', label: string, lang: string, limit: number): TemplateResult => html`<label class="field">
      <span class="field-label">${label}</span>
      <input name=${name} lang=${lang} maxlength=${limit} autocomplete="off" .value=${word?.[name] ?? ''} />
    </label>`;
    return html`<li>
      <form class="word-form" lang=${language()} @submit=${(event: SubmitEvent) => this.save(event, word)}>
        ${field('en', 'English', 'en', 80)} ${field('zh', '中文', 'zh-Hant-TW', 80)} ${field('note', t('Reading or note'), language(), 200)}
        <div class="row">
          <button class="button" data-main type="submit">${pair('Save')}</button>
          <button class="button" type="button" @click=${() => (this.edited = undefined)}>${pair('Cancel')}</button>
          ${word ? html`<button class="button" data-danger type="button" @click=${() => this.takeAway(word)}>${pair('Remove the word')}</button>` : nothing}
        </div>
      </form>
    </li>`;
  }

  private async edit(word: Word | 'new'): Promise<void> {
    this.edited = word;
    await this.updateComplete;
    this.querySelector<HTMLInputElement>('.word-form input')?.focus();
  }

  private save(event: SubmitEvent, word: Word | undefined): void {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const text = (name: string): string => String(form.get(name) ?? '').trim();
    const [en, zh, note] = [text('en'), text('zh'), text('note')];
    if (!en && !zh) return;
    this.send('word_put', { ...(word ? { word: word.word } : {}), en, zh, note });
    this.edited = undefined;
  }

  private takeAway(word: Word): void {
    this.send('word_remove', { word: word.word });
    this.edited = undefined;
  }
}
