// The two kinds of track that a viewer brings along.
import type { LocalAudioTrack, LocalVideoTrack } from 'livekit-client';

export type OwnTrack = LocalAudioTrack | LocalVideoTrack;
