// The base of our elements: light DOM (one stylesheet, one budget) and drawn again when the language changes.
import { LitElement, html, nothing, type TemplateResult } from 'lit';
import { inBoth, language, onLanguage, other, otherLanguage, t, type Bilingual, type Values } from './language.ts';

export class PageElement extends LitElement {
  private forget: (() => void) | undefined;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.forget = onLanguage(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.forget?.();
  }
}

const twoLines = (first: string, second: string): TemplateResult =>
  html`<span class="word" lang=${language()}>${first}</span>${second === first ? nothing : html`<small class="word-other" lang=${otherLanguage()}>${second}</small>`}`;

/** A word and its other-language word under it. */
export const pair = (message: string, values?: Values): TemplateResult => twoLines(t(message, values), other(message, values));

/** The same for a text that came from the server. */
export function pairOf(text: Bilingual): TemplateResult {
  const { first, second } = inBoth(text);
  return twoLines(first, second);
}
