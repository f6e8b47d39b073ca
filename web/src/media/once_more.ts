/**
 * Opens a device, and tries a second time when it did not start in time: on a busy Chromebook the browser gives up on a
 * camera that is healthy ("Timeout starting video source"), and one that another page has just let go needs a moment.
 */
export async function onceMore<T>(open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof Error || error instanceof DOMException) || error.name !== 'AbortError') throw error;
    return open();
  }
}
