// The room's keys: M, V and H once, the space bar held for push-to-talk. Never while somebody types (WCAG 2.2, 2.1.4: they can be turned off).
import type { ClassAction } from './dock.ts';

const ACTIONS: Readonly<Record<string, ClassAction>> = { m: 'microphone', v: 'camera', h: 'hand' };

export interface KeyRules {
  readonly hasKeys: boolean;
  readonly isPushToTalk: boolean;
}

export class Keys {
  private readonly rules: () => KeyRules | undefined;
  private readonly act: (action: ClassAction) => void;
  private isTalking = false;

  /** `rules` gives nothing while there is no room to act in. */
  constructor(rules: () => KeyRules | undefined, act: (action: ClassAction) => void) {
    this.rules = rules;
    this.act = act;
  }

  private readonly onDown = (event: KeyboardEvent): void => {
    const rules = this.rules();
    if (!rules || isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (rules.isPushToTalk && event.code === 'Space') {
      event.preventDefault(); // neither scrolls nor presses a button: in this mode buttons are pressed with Enter
      if (!this.isTalking) this.act('talk');
      this.isTalking = true;
      return;
    }
    const action = ACTIONS[event.key.toLowerCase()];
    if (rules.hasKeys && action && !event.repeat) this.act(action);
  };

  private readonly onUp = (event: KeyboardEvent): void => {
    if (event.code !== 'Space' || !this.isTalking) return;
    event.preventDefault();
    this.hush();
  };

  /** Also when the window loses the keyboard: nobody may stay on air without knowing. */
  private readonly hush = (): void => {
    if (!this.isTalking) return;
    this.isTalking = false;
    this.act('hush');
  };

  listen(): void {
    addEventListener('keydown', this.onDown);
    addEventListener('keyup', this.onUp);
    addEventListener('blur', this.hush);
  }

  stop(): void {
    removeEventListener('keydown', this.onDown);
    removeEventListener('keyup', this.onUp);
    removeEventListener('blur', this.hush);
  }
}

const isTyping = (event: KeyboardEvent): boolean =>
  event.target instanceof HTMLElement && event.target.closest('input, select, textarea, dialog, [contenteditable]') !== null;
