// The sound's step, which only a person can answer, and the network's.
import { html, nothing, type TemplateResult } from 'lit';
import { pair } from '../i18n/element.ts';
import { m } from '../i18n/language.ts';
import { Refusal } from '../lesson/api.ts';
import { playTone } from '../media/tone.ts';
import { runNetworkCheck } from './network.ts';
import { StepElement } from './step.ts';
import { judge } from './verdict.ts';

export class SoundStep extends StepElement {
  static override properties = { isAsking: { state: true } };
  declare isAsking: boolean;
  protected override readonly heading = m('Sound');
  protected override readonly startLabel = m('Play a sound');

  async run(): Promise<void> {
    this.isAsking = false;
    this.report('running', m('Two notes are playing.'));
    try {
      await playTone();
    } catch {
      this.report('bad', m('This browser could not play a sound.'), m('Connect a loudspeaker or headphones, then try again.'));
      return;
    }
    this.report('idle', m('Did you hear two notes?'));
    this.isAsking = true;
  }

  private answer(isHeard: boolean): void {
    this.isAsking = false;
    if (isHeard) this.report('good', m('You hear the lesson.'));
    else this.report('bad', m('You did not hear the notes.'), m('Turn the volume up, unmute this tab, and choose the right loudspeaker or headphones in the system settings.'));
  }

  protected override renderBody(): TemplateResult | typeof nothing {
    if (!this.isAsking) return nothing;
    return html`<p class="row">
      <button class="button" data-main @click=${() => this.answer(true)}>${pair('Yes, I heard them')}</button>
      <button class="button" @click=${() => this.answer(false)}>${pair('No')}</button>
    </p>`;
  }
}

export class NetworkStep extends StepElement {
  protected override readonly heading = m('Network');

  async run(): Promise<void> {
    this.report('running', m('A test picture and tone travel to the lesson server and back. This takes some seconds.'));
    try {
      const { measured, place } = await runNetworkCheck();
      const { outcome, says, fix, values } = judge(measured, place);
      this.report(outcome, says, fix, values);
    } catch (error) {
      if (error instanceof Refusal) this.report('bad', error.message);
      else this.report('bad', m('This browser cannot run the check.'), m('Use a current Chrome, Edge, Firefox or Safari.'));
    }
  }
}
