import { expect } from 'vitest';
import {
  counterEvent,
  counterGreeting,
  type CounterEvent,
  type CounterGreeting,
} from '../../src/http/schemas/counter.ts';

/** A counter's display, as far as its stream goes. */
export interface Display {
  readonly status: number;
  greeting(): Promise<CounterGreeting>;
  next(): Promise<CounterEvent>;
  /** The next comment or event as it came. */
  nextBlock(): Promise<string>;
  /** Resolves when the engine ends the stream. */
  ended(): Promise<void>;
  close(): void;
}

/** Connects a display to a stream of server-sent events. */
export async function openDisplay(url: string): Promise<Display> {
  const gone = new AbortController();
  const response = await fetch(url, { signal: gone.signal });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';

  async function nextBlock(): Promise<string> {
    while (!text.includes('\n\n')) {
      const { done, value } = await reader.read();
      if (done) throw new Error('the stream ended');
      text += value;
    }
    const end = text.indexOf('\n\n');
    const block = text.slice(0, end);
    text = text.slice(end + 2);
    return block;
  }

  async function nextData(names: readonly string[]): Promise<unknown> {
    const block = await nextBlock();
    if (block.startsWith(':')) return nextData(names);
    const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s, 2) as [string, string]));
    expect(names).toContain(fields.get('event'));
    return JSON.parse(fields.get('data') ?? '');
  }

  return {
    status: response.status,
    nextBlock,
    greeting: async () => counterGreeting.parse(await nextData(['counter'])),
    async next() {
      const data = await nextData(['settled', 'reversed']);
      const event = counterEvent.parse(data);
      expect(event).toEqual(data);
      return event;
    },
    async ended() {
      while (!(await reader.read()).done);
    },
    close: () => gone.abort(),
  };
}
