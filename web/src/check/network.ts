// The network's self-check: a throw-away room of its own, where one Room object publishes and a second one gets it back.
import { Room, RoomEvent, Track, type RemoteTrack } from 'livekit-client';
import { fetchCheckTicket, mediaUrl } from '../lesson/api.ts';
import { startTestMedia } from './test_media.ts';
import type { Measured, Path, Place } from './verdict.ts';

const ARRIVE_MS = 12_000; // ICE with TCP fall-back needs up to 10 s on a strict network
const MEASURE_MS = 4_000; // some 60 pictures and 200 sound packets: enough to see gaps
const POLL_MS = 250;
const ENOUGH_PICTURES = 20; // of the 60 that were sent
const ENOUGH_SAMPLES = 64_000; // a third of the 192,000 that 4 s at 48 kHz have

interface Counters {
  frames: number;
  samples: number;
  received: number;
  lost: number;
  path: Path;
  roundTripMs: number | undefined;
}

export interface Run {
  readonly measured: Measured;
  readonly place: Place;
}

export async function runNetworkCheck(): Promise<Run> {
  const ticket = await fetchCheckTicket();
  const url = mediaUrl(ticket.url, location.origin);
  const place = { host: new URL(url).hostname, udp: ticket.ports?.udp ?? [], tcp: ticket.ports?.tcp ?? [] };
  const options = { rtcConfig: { iceServers: ticket.ice_servers ?? [] } };
  const sender = new Room();
  const receiver = new Room();
  const back: RemoteTrack[] = [];
  receiver.on(RoomEvent.TrackSubscribed, (track) => {
    track.attach().muted = true; // Why: a browser decodes only what is attached; the viewer need not hear it
    back.push(track);
  });
  const media = startTestMedia();
  let reached: Measured['reached'] = 'nothing';
  try {
    await Promise.all([sender.connect(url, ticket.tokens.a, options), receiver.connect(url, ticket.tokens.b, options)]);
    reached = 'signal';
    await sender.localParticipant.publishTrack(media.video, { source: Track.Source.Camera, simulcast: false });
    await sender.localParticipant.publishTrack(media.audio, { source: Track.Source.Microphone, dtx: false });
    await until(() => back.length === 2, ARRIVE_MS);
    await until(async () => (await count(back)).frames > 0, ARRIVE_MS);
    reached = back.length > 0 ? 'media' : 'signal';
    return { measured: { reached, ...(await measure(back)) }, place };
  } catch {
    const failed = { path: 'unknown', roundTripMs: undefined, loss: 0, isVideoBack: false, isAudioBack: false } as const;
    return { measured: { reached, ...failed }, place };
  } finally {
    for (const track of back) for (const element of track.detach()) element.remove();
    await Promise.all([sender.disconnect(), receiver.disconnect()]);
    media.stop();
  }
}

async function measure(back: readonly RemoteTrack[]): Promise<Omit<Measured, 'reached'>> {
  const before = await count(back);
  await pause(MEASURE_MS);
  const after = await count(back);
  const [received, lost] = [after.received - before.received, Math.max(0, after.lost - before.lost)];
  return {
    path: after.path,
    roundTripMs: after.roundTripMs,
    loss: received + lost > 0 ? lost / (received + lost) : 1,
    isVideoBack: after.frames - before.frames >= ENOUGH_PICTURES,
    isAudioBack: after.samples - before.samples >= ENOUGH_SAMPLES,
  };
}

/** Sums what the receiving side's statistics say (W3C WebRTC Statistics). */
async function count(tracks: readonly RemoteTrack[]): Promise<Counters> {
  const sum: Counters = { frames: 0, samples: 0, received: 0, lost: 0, path: 'unknown', roundTripMs: undefined };
  for (const track of tracks) {
    const report = await track.getRTCStatsReport();
    report?.forEach((entry: Record<string, unknown>) => {
      if (entry['type'] === 'inbound-rtp') {
        sum.frames += Number(entry['framesDecoded'] ?? 0);
        // Why not totalAudioEnergy: it stays 0 for a muted element. Concealed samples are invented, not heard.
        sum.samples += Number(entry['totalSamplesReceived'] ?? 0) - Number(entry['concealedSamples'] ?? 0);
        sum.received += Number(entry['packetsReceived'] ?? 0);
        sum.lost += Number(entry['packetsLost'] ?? 0);
      }
      if (entry['type'] === 'candidate-pair' && entry['state'] === 'succeeded' && entry['nominated'] === true) {
        if (typeof entry['currentRoundTripTime'] === 'number') sum.roundTripMs = entry['currentRoundTripTime'] * 1000;
        const local = report.get(String(entry['localCandidateId'])) as { protocol?: string } | undefined;
        if (local?.protocol === 'udp' || local?.protocol === 'tcp') sum.path = local.protocol;
      }
    });
  }
  return sum;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits for the condition, at most `limitMs`: what is not there by then is what the check reports. */
async function until(isDone: () => boolean | Promise<boolean>, limitMs: number): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await isDone()) && performance.now() < end) await pause(POLL_MS);
}
