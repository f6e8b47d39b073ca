// How loud a microphone is, for the meter that shows a person that they are heard.

const POLL_MS = 66; // 15 times a second: smooth to the eye, nothing for a Chromebook's processor
const FLOOR_DB = -60; // a quiet room; below it the meter rests
const CEILING_DB = -10; // a clear voice near the microphone

/** Root mean square of samples (-1..1) as a meter position 0..1, linear in decibels as the ear is. */
export function meterPosition(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const rms = Math.sqrt(sum / Math.max(1, samples.length));
  if (rms === 0) return 0;
  const position = (20 * Math.log10(rms) - FLOOR_DB) / (CEILING_DB - FLOOR_DB);
  return Math.min(1, Math.max(0, position));
}

/** Calls back with the meter position until the returned function is called. */
export function watchLevel(track: MediaStreamTrack, onLevel: (position: number) => void): () => void {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  const source = context.createMediaStreamSource(new MediaStream([track]));
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const wake = (): void => void context.resume(); // Why: without a gesture the context may start suspended
  addEventListener('pointerdown', wake, { once: true });
  addEventListener('keydown', wake, { once: true });
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    onLevel(meterPosition(samples));
  }, POLL_MS);
  return () => {
    clearInterval(timer);
    removeEventListener('pointerdown', wake);
    removeEventListener('keydown', wake);
    source.disconnect();
    void context.close();
  };
}
