// What the viewer wants of the own microphone and camera, and whether somebody else switched one off. Pure.

export const DEVICES = ['microphone', 'camera'] as const;
export type Device = (typeof DEVICES)[number];
export type Switches = Readonly<Record<Device, boolean>>;

export class Wishes {
  microphone = false;
  camera = false;
  private wasOn: Switches = { microphone: false, camera: false };

  /** A new call begins with nothing switched on; the wishes stay for it. */
  restart(): void {
    this.wasOn = { microphone: false, camera: false };
  }

  /**
   * What was on, is wished, and is on no more: somebody else's doing, so the wish is over. `look` is asked a moment later:
   * a call that ends takes its tracks away first and says that it has ended after that, and then the wishes must stay.
   */
  async takenAway(look: () => Switches | undefined): Promise<readonly Device[]> {
    await Promise.resolve();
    const isOn = look();
    if (!isOn) return [];
    const taken = DEVICES.filter((device) => this.wasOn[device] && !isOn[device] && this[device]);
    for (const device of taken) this[device] = false;
    this.wasOn = isOn;
    return taken;
  }
}
