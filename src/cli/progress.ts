import { SingleBar } from 'cli-progress';

/** How far something is, for whoever watches. */
export interface Progress {
  /** Starts a part of the work; ends the one before. */
  begin(label: string, total: number): void;
  at(done: number): void;
  /** Ends the last part. */
  end(): void;
}

const LINES_A_PART = 4;

function createBar(): Progress {
  let bar: SingleBar | undefined;
  const end = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    begin(label, total) {
      end();
      bar = new SingleBar({
        format: `  {bar} {value}/{total}  ${label}`,
        barCompleteChar: '█',
        barIncompleteChar: '░',
        barsize: 24,
        hideCursor: true,
      });
      bar.start(total, 0);
    },
    at: (done) => bar?.update(done),
    end,
  };
}

function createLines(): Progress {
  let part = { label: '', total: 0, shown: 0 };
  return {
    begin(label, total) {
      part = { label, total, shown: 0 };
    },
    at(done) {
      const { label, total, shown } = part;
      const quarter = Math.floor((done * LINES_A_PART) / total);
      if (quarter === shown) return;
      part = { ...part, shown: quarter };
      console.log(`  ${label}: ${done}/${total}`);
    },
    end: () => undefined,
  };
}

/** A bar on a terminal; elsewhere a line now and then. */
export function createProgress(isTerminal: boolean): Progress {
  return isTerminal ? createBar() : createLines();
}
