// Names of the self-check's elements.
import { MeterElement } from '../ui/meter.ts';
import { CheckElement } from './check.ts';
import { CameraStep, MicrophoneStep } from './device_steps.ts';
import { NetworkStep, SoundStep } from './other_steps.ts';

export function defineCheck(): void {
  customElements.define('tc-meter', MeterElement);
  customElements.define('tc-camera-step', CameraStep);
  customElements.define('tc-microphone-step', MicrophoneStep);
  customElements.define('tc-network-step', NetworkStep);
  customElements.define('tc-sound-step', SoundStep);
  customElements.define('tc-check', CheckElement);
}
