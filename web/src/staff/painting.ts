// The brush of the painting page: by mouse, finger and keys. Without this script ticks and a button do the same.

interface Cell {
  readonly td: HTMLTableCellElement;
  readonly tick: HTMLInputElement;
  readonly row: number;
  readonly column: number;
  readonly before: string;
}

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

export function startPainting(): void {
  const form = document.querySelector<HTMLFormElement>('form[data-paint]');
  if (form?.querySelector('input[name="brush"]')) new Painting(form);
}

class Painting {
  private readonly cells: Cell[] = [];
  private readonly changed = new Map<Cell, string>();
  private isPainting = false;
  private isSent = false;
  private readonly form: HTMLFormElement;

  constructor(form: HTMLFormElement) {
    this.form = form;
    form.querySelectorAll<HTMLTableRowElement>('tbody tr').forEach((tr, row) => {
      tr.querySelectorAll<HTMLTableCellElement>('td').forEach((td, column) => {
        const tick = td.querySelector<HTMLInputElement>('input[name="cell"]');
        if (tick) this.cells.push({ td, tick, row, column, before: td.dataset['state'] ?? '' });
      });
    });
    form.dataset['live'] = '';
    for (const part of form.querySelectorAll<HTMLElement>('[data-with-script]')) part.hidden = false;
    for (const part of form.querySelectorAll<HTMLElement>('[data-without-script]')) part.hidden = true;
    for (const cell of this.cells) this.listen(cell);
    // One stop of the Tab key for the whole grid; arrows move inside.
    this.cells.forEach((cell, place) => (cell.tick.tabIndex = place === 0 ? 0 : -1));
    addEventListener('pointerup', () => (this.isPainting = false));
    addEventListener('pointercancel', () => (this.isPainting = false));
    form.addEventListener('submit', () => this.send());
    addEventListener('beforeunload', (event) => {
      if (this.changed.size > 0 && !this.isSent) event.preventDefault();
    });
    // What was ticked before the server refused the form is painted again, so that nothing is lost.
    for (const cell of this.cells.filter((one) => one.tick.checked)) this.paint(cell);
    this.tell();
  }

  private listen(cell: Cell): void {
    const { td, tick } = cell;
    td.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      this.isPainting = true;
      if (event.pointerType === 'mouse') this.paint(cell);
    });
    td.addEventListener('pointermove', (event) => {
      if (!this.isPainting) return;
      // A finger keeps its first target, so look what lies under it.
      const under = document.elementFromPoint(event.clientX, event.clientY)?.closest('td');
      const there = this.cells.find((one) => one.td === under);
      if (there) this.paint(there);
    });
    // A tap and the space bar come as a change of the tick; after a drag of the mouse it only repeats the stroke.
    tick.addEventListener('change', () => this.paint(cell));
    tick.addEventListener('keydown', (event) => this.move(cell, event));
    tick.addEventListener('focus', () => {
      for (const one of this.cells) one.tick.tabIndex = one === cell ? 0 : -1;
    });
  }

  private move(cell: Cell, event: KeyboardEvent): void {
    if (event.key === 'Enter') {
      event.preventDefault();
      this.paint(cell);
      return;
    }
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    // The next cell that takes paint in that direction: past dates and skipped hours are stepped over.
    const ahead = this.cells.filter((one) => {
      const [rows, columns] = [one.row - cell.row, one.column - cell.column];
      return step[0] ? columns === 0 && rows * step[0] > 0 : rows === 0 && columns * step[1] > 0;
    });
    const distance = (one: Cell): number => Math.abs(one.row - cell.row) + Math.abs(one.column - cell.column);
    const next = ahead.sort((one, two) => distance(one) - distance(two))[0];
    if (!next) return;
    next.tick.focus();
    if (event.shiftKey) this.paint(next);
  }

  private get brush(): HTMLInputElement | null {
    return this.form.querySelector<HTMLInputElement>('input[name="brush"]:checked');
  }

  private paint(cell: Cell): void {
    const brush = this.brush;
    cell.tick.checked = false;
    if (!brush) return;
    const state = brush.value === 'bells' ? '' : brush.value;
    if (state === cell.before) this.changed.delete(cell);
    else this.changed.set(cell, brush.value);
    cell.td.dataset['state'] = state;
    cell.td.toggleAttribute('data-unsaved', this.changed.has(cell));
    const words = cell.td.querySelector('[data-state-words]');
    if (words) words.textContent = state ? (brush.closest('label')?.textContent.trim() ?? '') : this.bellWords(cell);
    this.tell();
  }

  private bellWords(cell: Cell): string {
    return ('bells' in cell.td.dataset ? this.form.dataset['bellsOffered'] : this.form.dataset['bellsNot']) ?? '';
  }

  private tell(): void {
    const status = this.form.querySelector('[data-status]');
    const count = this.changed.size;
    const words = count === 0 ? this.form.dataset['none'] : this.form.dataset['some']?.replace('{count}', String(count));
    if (status) status.textContent = words ?? '';
  }

  private send(): void {
    this.isSent = true;
    for (const old of this.form.querySelectorAll('input[name="paint"]')) old.remove();
    for (const [cell, brush] of this.changed) {
      const field = document.createElement('input');
      field.type = 'hidden';
      field.name = 'paint';
      field.value = `${cell.tick.value}/${brush}`;
      this.form.append(field);
    }
  }
}
