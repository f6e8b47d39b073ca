// Why a camera or microphone does not start, in words, with what a teacher or pupil can do about it.
import { m } from '../i18n/language.ts';

export type Device = 'camera' | 'microphone';
export type Trouble = 'denied' | 'missing' | 'busy' | 'insecure' | 'unknown';

export interface Advice {
  readonly says: string;
  readonly fix: string;
}

const BY_NAME: Readonly<Record<string, Trouble>> = {
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  NotFoundError: 'missing',
  OverconstrainedError: 'missing',
  DevicesNotFoundError: 'missing',
  NotReadableError: 'busy',
  AbortError: 'busy',
  TrackStartError: 'busy',
};

/** W3C Media Capture and Streams §10.2 names the errors; without a secure context there is no `mediaDevices` at all. */
export function troubleOf(error: unknown, isSecure = globalThis.isSecureContext): Trouble {
  if (!isSecure) return 'insecure';
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  return BY_NAME[name] ?? 'unknown';
}

const INSECURE: Advice = {
  says: m('This page is not on a secure address, so the browser gives it no camera or microphone.'),
  fix: m('Ask your school IT to open Tongchuang by an address that begins with https.'),
};

export const ADVICE: Readonly<Record<Device, Readonly<Record<Trouble, Advice>>>> = {
  camera: {
    denied: {
      says: m('The browser was not allowed to use the camera.'),
      fix: m('Click the camera sign beside the address, choose Allow, then try again.'),
    },
    missing: {
      says: m('No camera was found.'),
      fix: m('Plug a camera in, or join without one: the others hear you and you see them.'),
    },
    busy: {
      says: m('Another program is using the camera.'),
      fix: m('Close other video calls and camera programs, then try again.'),
    },
    insecure: INSECURE,
    unknown: {
      says: m('The camera did not start.'),
      fix: m('Unplug it and plug it in again, or restart the browser, then try again.'),
    },
  },
  microphone: {
    denied: {
      says: m('The browser was not allowed to use the microphone.'),
      fix: m('Click the microphone sign beside the address, choose Allow, then try again.'),
    },
    missing: {
      says: m('No microphone was found.'),
      fix: m('Plug a headset in, or join without one: you hear and see the others.'),
    },
    busy: {
      says: m('Another program is using the microphone.'),
      fix: m('Close other calls and recording programs, then try again.'),
    },
    insecure: INSECURE,
    unknown: {
      says: m('The microphone did not start.'),
      fix: m('Unplug it and plug it in again, or restart the browser, then try again.'),
    },
  },
};
