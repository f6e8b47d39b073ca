// The frame of one step of the self-check: its name, its state as shape and word, what was found and how to fix it.
import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { PageElement, pair } from '../i18n/element.ts';
import { language, m, t, type Values } from '../i18n/language.ts';

export type StepState = 'idle' | 'running' | 'good' | 'warn' | 'bad';

const STATE_WORDS: Readonly<Record<StepState, string>> = {
  idle: m('Not checked yet'),
  running: m('Checking…'),
  good: m('Works'),
  warn: m('Works, with limits'),
  bad: m('Does not work'),
};

export abstract class StepElement extends PageElement {
  static override properties: PropertyDeclarations = { state: { state: true }, says: { state: true }, fix: { state: true } };
  declare state: StepState;
  declare says: string;
  declare fix: string;
  protected values: Values = {};
  protected abstract readonly heading: string;
  protected readonly startLabel: string = m('Check');

  constructor() {
    super();
    this.state = 'idle';
    this.says = this.fix = '';
  }

  /** Runs the step to its end; never rejects. */
  abstract run(): Promise<void>;

  protected report(state: StepState, says: string, fix = '', values: Values = {}): void {
    this.values = values;
    [this.state, this.says, this.fix] = [state, says, fix];
    this.dispatchEvent(new CustomEvent('step', { bubbles: true }));
  }

  protected renderBody(): TemplateResult | typeof nothing {
    return nothing;
  }

  protected override render(): TemplateResult {
    const tag = language();
    return html`<section class="step" data-state=${this.state}>
      <div class="step-head">
        <h2 class="step-title">${pair(this.heading)}</h2>
        <p class="step-state" lang=${tag}><span class="step-mark" aria-hidden="true"></span>${t(STATE_WORDS[this.state])}</p>
        <button class="button" ?disabled=${this.state === 'running'} @click=${() => this.run()}>
          ${this.state === 'idle' || this.state === 'running' ? pair(this.startLabel) : pair('Check again')}
        </button>
      </div>
      <div class="step-words" role="status" lang=${tag}>
        ${this.says ? html`<p>${t(this.says, this.values)}</p>` : nothing}
        ${this.fix ? html`<p class="step-fix"><strong>${t('What you can do')}</strong> ${t(this.fix, this.values)}</p>` : nothing}
      </div>
      ${this.renderBody()}
    </section>`;
  }
}
