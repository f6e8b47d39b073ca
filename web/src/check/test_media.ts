// A moving picture and a quiet tone made in the page, so that the network can be checked without any device.

const WIDTH = 640;
const HEIGHT = 360;
const FRAMES_PER_S = 15;
const TONE_HZ = 440;

export interface TestMedia {
  readonly video: MediaStreamTrack;
  readonly audio: MediaStreamTrack;
  stop(): void;
}

export function startTestMedia(): TestMedia {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [WIDTH, HEIGHT];
  const pen = canvas.getContext('2d');
  let step = 0;
  const draw = (): void => {
    if (!pen) return;
    step += 1;
    pen.fillStyle = '#10242b';
    pen.fillRect(0, 0, WIDTH, HEIGHT);
    pen.fillStyle = '#f2b33d';
    pen.beginPath();
    pen.arc((step * 12) % WIDTH, HEIGHT / 2, 60, 0, 2 * Math.PI);
    pen.fill();
  };
  draw();
  const timer = setInterval(draw, 1000 / FRAMES_PER_S); // Why: not requestAnimationFrame, which stops in a background tab
  const context = new AudioContext();
  const output = context.createMediaStreamDestination();
  const oscillator = context.createOscillator();
  oscillator.frequency.value = TONE_HZ;
  oscillator.connect(output);
  oscillator.start();
  void context.resume();
  const [video] = canvas.captureStream(FRAMES_PER_S).getVideoTracks();
  const [audio] = output.stream.getAudioTracks();
  if (!video || !audio) throw new Error('this browser cannot make a test picture and tone');
  return {
    video,
    audio,
    stop: () => {
      clearInterval(timer);
      video.stop();
      oscillator.stop();
      void context.close();
    },
  };
}
