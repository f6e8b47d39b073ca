// What the measured network means for a lesson, in words; thresholds are chosen for two-way talk.
import { m, type Values } from '../i18n/language.ts';

export type Outcome = 'good' | 'warn' | 'bad';
export type Path = 'udp' | 'tcp' | 'unknown';

export interface Verdict {
  readonly outcome: Outcome;
  readonly says: string;
  readonly fix: string;
  readonly values: Values;
}

export interface Measured {
  /** How far the trip through the throw-away room got. */
  readonly reached: 'nothing' | 'signal' | 'media';
  readonly path: Path;
  readonly roundTripMs: number | undefined;
  /** Share of packets that did not come back, 0..1. */
  readonly loss: number;
  readonly isVideoBack: boolean;
  readonly isAudioBack: boolean;
}

const SLOW_MS = 400; // ITU-T G.114: above 400 ms one way talk breaks down; a round trip here is one way of a lesson over a server midway
const LOSSY = 0.05; // above 5 % repairs show as frozen pictures

export interface Place {
  readonly host: string;
  readonly udp: readonly number[];
  readonly tcp: readonly number[];
}

const ports = (numbers: readonly number[]): string => numbers.join(', ');

export function judge(measured: Measured, place: Place): Verdict {
  const values: Values = { host: place.host, udp: ports(place.udp), tcp: ports(place.tcp), ms: Math.round(measured.roundTripMs ?? 0) };
  const say = (outcome: Outcome, says: string, fix = ''): Verdict => ({ outcome, says, fix, values });
  if (measured.reached === 'nothing') {
    return say(
      'bad',
      m('The lesson server could not be reached.'),
      m('Ask your school IT to allow web and WebSocket connections to %(host)s.'),
    );
  }
  if (measured.reached === 'signal' || (!measured.isVideoBack && !measured.isAudioBack)) {
    return say(
      'bad',
      m('The lesson server answers, but picture and sound do not get through.'),
      place.udp.length > 0
        ? m('Ask your school IT to open UDP port %(udp)s, or at least TCP port %(tcp)s, to %(host)s.')
        : m('Ask your school IT to let WebRTC media through to %(host)s.'),
    );
  }
  if (!measured.isVideoBack || !measured.isAudioBack) {
    return say(
      'warn',
      measured.isVideoBack ? m('The picture came back, the sound did not.') : m('The sound came back, the picture did not.'),
      m('Close other programs that use the network, then check again.'),
    );
  }
  if (measured.loss > LOSSY || (measured.roundTripMs ?? 0) > SLOW_MS) {
    return say(
      'warn',
      m('Picture and sound come back, but with gaps or late.'),
      m('Move nearer to the Wi-Fi or use a cable, and turn on Less data in the lesson.'),
    );
  }
  if (measured.path === 'tcp') {
    return say(
      'warn',
      m('Picture and sound come back by the slower way (TCP).'),
      place.udp.length > 0 ? m('It works. For a smoother picture your school IT can open UDP port %(udp)s to %(host)s.') : m('It works. A smoother picture needs UDP.'),
    );
  }
  return say('good', m('Picture and sound come back without gaps.'));
}
