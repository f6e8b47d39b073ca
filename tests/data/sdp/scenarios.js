// Peer connections as livekit-client 2.23 builds them; each scenario resolves to {name: sdp}.
// Loaded by record.py into Chromium and Firefox, and by the negotiation test into Chromium.
"use strict";

const CHANNELS = [
  ["_reliable", { ordered: true }],
  ["_lossy", { ordered: false, maxRetransmits: 0 }],
  ["_data_track", { ordered: false, maxRetransmits: 0 }],
];

function makePeer() {
  const pc = new RTCPeerConnection({ iceServers: [] });
  for (const [label, init] of CHANNELS) pc.createDataChannel(label, init);
  return pc;
}

function makeSinglePeer() {
  const pc = makePeer();
  for (const kind of ["audio", "video"])
    for (let i = 0; i < 3; i++) pc.addTransceiver(kind, { direction: "recvonly" });
  return pc;
}

function audioTrack() {
  const context = new AudioContext();
  return context.createMediaStreamDestination().stream.getAudioTracks()[0];
}

function videoTrack() {
  const canvas = document.createElement("canvas");
  canvas.width = 1280;
  canvas.height = 720;
  canvas.getContext("2d").fillRect(0, 0, 10, 10);
  return canvas.captureStream(30).getVideoTracks()[0];
}

function addAudio(pc) {
  return pc.addTransceiver(audioTrack(), { direction: "sendonly", streams: [new MediaStream()] });
}

const LAYERS = [
  { rid: "q", scaleResolutionDownBy: 4, maxBitrate: 150000 },
  { rid: "h", scaleResolutionDownBy: 2, maxBitrate: 500000 },
  { rid: "f", maxBitrate: 1700000 },
];

function addVideo(pc, { mime, only = false, simulcast = true }) {
  const transceiver = pc.addTransceiver(videoTrack(), {
    direction: "sendonly",
    streams: [new MediaStream()],
    sendEncodings: simulcast ? LAYERS : [{}],
  });
  if (mime && transceiver.setCodecPreferences) {
    const all = RTCRtpSender.getCapabilities("video").codecs;
    const wanted = all.filter((codec) => codec.mimeType.toLowerCase() === mime);
    const rtx = all.filter((codec) => codec.mimeType.toLowerCase() === "video/rtx");
    const others = all.filter((codec) => !wanted.includes(codec) && !rtx.includes(codec));
    transceiver.setCodecPreferences(only ? [...wanted, ...rtx] : [...wanted, ...others, ...rtx]);
  }
  return transceiver;
}

let lastPeer = null;

async function offer(pc, options) {
  lastPeer = pc;
  const description = await pc.createOffer(options);
  await pc.setLocalDescription(description);
  return description.sdp;
}

const SCENARIOS = {
  single_initial: async () => offer(makeSinglePeer()),
  single_audio: async () => {
    const pc = makeSinglePeer();
    addAudio(pc);
    return offer(pc);
  },
  single_audio_vp8_simulcast: async () => {
    const pc = makeSinglePeer();
    addAudio(pc);
    addVideo(pc, { mime: "video/vp8" });
    return offer(pc);
  },
  single_h264_only: async () => {
    const pc = makeSinglePeer();
    addVideo(pc, { mime: "video/h264", only: true, simulcast: false });
    return offer(pc);
  },
  single_h264_simulcast: async () => {
    const pc = makeSinglePeer();
    addVideo(pc, { mime: "video/h264" });
    return offer(pc);
  },
  single_vp9_only: async () => {
    const pc = makeSinglePeer();
    addVideo(pc, { mime: "video/vp9", only: true, simulcast: false });
    return offer(pc);
  },
  dual_publisher: async () => {
    const pc = makePeer();
    addAudio(pc);
    addVideo(pc, { mime: "video/vp8" });
    return offer(pc);
  },
  dual_data_only: async () => offer(makePeer()),
};

async function recordAll() {
  const found = {};
  for (const [name, run] of Object.entries(SCENARIOS)) {
    try {
      found[name] = await run();
    } catch (error) {
      found[name] = `error: ${error}`;
    }
  }
  return found;
}

// The steps of a negotiation, for tests: the server's side of it is Python.

function describe(pc) {
  return pc.getTransceivers().map((one) => ({
    mid: one.mid,
    direction: one.currentDirection,
    kind: one.receiver.track.kind,
    codecs: one.receiver.getParameters().codecs.map((codec) => codec.mimeType.toLowerCase()),
  }));
}

async function applyAnswer(sdp) {
  const heard = [];
  lastPeer.ontrack = ({ track, transceiver, streams }) =>
    heard.push({ mid: transceiver.mid, track: track.id, stream: streams[0] ? streams[0].id : "" });
  await lastPeer.setRemoteDescription({ type: "answer", sdp });
  return { heard, transceivers: describe(lastPeer) };
}

async function nextOffer(change = "") {
  if (change === "video") addVideo(lastPeer, { mime: "video/vp8" });
  if (change === "inactive") {
    const sending = lastPeer.getTransceivers().filter((one) => one.direction === "sendonly");
    for (const one of sending) one.direction = "inactive";
  }
  if (change === "receivers") {
    lastPeer.addTransceiver("audio", { direction: "recvonly" });
    lastPeer.addTransceiver("video", { direction: "recvonly" });
  }
  return offer(lastPeer, change === "restart" ? { iceRestart: true } : undefined);
}

function newSubscriber() {
  lastPeer = new RTCPeerConnection({ iceServers: [] });
}

async function answerOffer(sdp) {
  const heard = [];
  lastPeer.ontrack = ({ track, transceiver, streams }) =>
    heard.push({ mid: transceiver.mid, track: track.id, stream: streams[0] ? streams[0].id : "" });
  await lastPeer.setRemoteDescription({ type: "offer", sdp });
  const description = await lastPeer.createAnswer();
  await lastPeer.setLocalDescription(description);
  return { sdp: description.sdp, heard, transceivers: describe(lastPeer) };
}
