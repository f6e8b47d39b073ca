// Two soft notes for the sound check: easy to notice, never a shock on headphones.

const NOTES_HZ = [523.25, 659.25]; // C5, E5
const NOTE_S = 0.45;
const GAIN = 0.15; // well under full scale: pupils may wear headphones at full volume

export async function playTone(): Promise<void> {
  const context = new AudioContext();
  await context.resume();
  const ends = NOTES_HZ.map((hertz, index) => {
    const start = context.currentTime + 0.05 + index * NOTE_S;
    const gain = context.createGain();
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(GAIN, start + 0.03);
    gain.gain.exponentialRampToValueAtTime(0.001, start + NOTE_S);
    const oscillator = context.createOscillator();
    oscillator.frequency.value = hertz;
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(start);
    oscillator.stop(start + NOTE_S);
    return new Promise<void>((resolve) => {
      oscillator.onended = () => resolve();
    });
  });
  await Promise.all(ends);
  await context.close();
}
