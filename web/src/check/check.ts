// <tc-check>: the four steps under one button and one sentence that sums them up.
import { html, type TemplateResult } from 'lit';
import { PageElement, pair } from '../i18n/element.ts';
import { language, m, t } from '../i18n/language.ts';
import type { StepElement } from './step.ts';

const STEPS = ['tc-camera-step', 'tc-microphone-step', 'tc-network-step', 'tc-sound-step'];

export class CheckElement extends PageElement {
  static override properties = { isRunning: { state: true }, summary: { state: true } };
  declare isRunning: boolean;
  declare summary: string;

  constructor() {
    super();
    this.isRunning = false;
    this.summary = m('Four short checks, about half a minute. You can also run each one alone.');
  }

  private get steps(): readonly StepElement[] {
    return [...this.querySelectorAll<StepElement>(STEPS.join(','))];
  }

  private async runAll(): Promise<void> {
    this.isRunning = true;
    for (const step of this.steps) await step.run();
    this.isRunning = false;
  }

  private sumUp(): void {
    const states = this.steps.map((step) => step.state);
    if (states.includes('bad')) this.summary = m('Something does not work yet. Below it says what you can do.');
    else if (states.includes('idle') || states.includes('running')) this.summary = m('So far, so good.');
    else if (states.includes('warn')) this.summary = m('You can join. Some things could be better, see below.');
    else this.summary = m('Everything works. You are ready for the lesson.');
  }

  protected override render(): TemplateResult {
    return html`<div class="check-start">
        <button class="button" data-main ?disabled=${this.isRunning} @click=${() => this.runAll()}>${pair('Start the check')}</button>
        <p class="check-summary" role="status" lang=${language()}>${t(this.summary)}</p>
      </div>
      <div class="steps" @step=${() => this.sumUp()}>
        <tc-camera-step></tc-camera-step>
        <tc-microphone-step></tc-microphone-step>
        <tc-network-step></tc-network-step>
        <tc-sound-step></tc-sound-step>
      </div>`;
  }
}
