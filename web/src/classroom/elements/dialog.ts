// The frame of the classroom's dialogs: the browser's own modal dialog with a title in both languages and a way out.
import { html, type TemplateResult } from 'lit';
import { pair } from '../../i18n/element.ts';
import { ClassPart } from './part.ts';

export abstract class DialogPart extends ClassPart {
  protected isOpen = false;

  show(): void {
    this.isOpen = true;
    this.requestUpdate();
    void this.updateComplete.then(() => {
      const dialog = this.querySelector('dialog');
      if (dialog && !dialog.open) dialog.showModal();
    });
  }

  close(): void {
    this.querySelector('dialog')?.close();
  }

  protected onClosed(): void {
    this.isOpen = false;
    this.requestUpdate();
  }

  /** Sends nothing and closes: for buttons that do one thing. */
  protected andClose(action: () => void): () => void {
    return () => {
      action();
      this.close();
    };
  }

  protected frame(title: TemplateResult, body: TemplateResult, className = ''): TemplateResult {
    return html`<dialog class="settings sheet-dialog ${className}" aria-labelledby="${this.localName}-title" @close=${() => this.onClosed()}>
      ${this.isOpen
        ? html`<div class="dialog-head">
              <h2 id="${this.localName}-title" class="card-title">${title}</h2>
              <button class="button button-small" @click=${() => this.close()}>${pair('Close')}</button>
            </div>
            ${body}`
        : html`<h2 id="${this.localName}-title">${title}</h2>`}
    </dialog>`;
  }
}
