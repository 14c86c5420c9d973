/**
 * Reads what `strace -f -y` saw of a trading bot and finds every order whose bytes left before its intent was durable.
 * Durable is what the operating system was asked to make so: a client order id written to the ledger's log, and then an
 * fsync or fdatasync of that file that has returned 0. Entry points: `TRACER`, `whyNoTrace`, `checkTrace`.
 */
import { spawnSync } from 'node:child_process';

const CALLS = 'fsync,fdatasync,sendto,sendmsg,write,writev,pwrite64,pwritev';
/** Larger than a page of the ledger and than any order request. */
const SHOWN_BYTES = 16_384;

/** The command that goes before the bot's; writes to `file`. */
export const TRACER = (file: string): readonly string[] => [
  'strace',
  '-f',
  '-y',
  '--seccomp-bpf',
  '-s',
  `${SHOWN_BYTES}`,
  '-e',
  `trace=${CALLS}`,
  '-e',
  'signal=none',
  '-o',
  file,
];

/** Why this machine cannot trace a process; undefined when it can. */
export function whyNoTrace(): string | undefined {
  const [command = '', ...args] = [...TRACER('/dev/null'), 'true'];
  const { error, status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (error) return `strace does not run here: ${error.message}`;
  return status === 0 ? undefined : `strace may not trace here: ${stderr.trim()}`;
}

export interface TraceReport {
  /** Client order ids whose request left, in order. */
  readonly sent: readonly string[];
  /** Of those, the ones that were not durable when the first byte left. */
  readonly early: readonly string[];
  /** Times the ledger's log was made durable. */
  readonly syncs: number;
}

const LOG_FILE = /-wal>|\.db>/;
const WRITES: ReadonlySet<string> = new Set(['write', 'writev', 'pwrite64', 'pwritev']);
const SENDS: ReadonlySet<string> = new Set(['write', 'writev', 'sendto', 'sendmsg']);
const SYNCS: ReadonlySet<string> = new Set(['fsync', 'fdatasync']);
/** The id in the body of an order, form or JSON with its quotes escaped; lookups carry theirs in a query. */
const ORDER_ID = /(?:newClientOrderId=|(?:orderLinkId|clOrdId)\\":\\")([A-Za-z0-9]+)/g;

interface Call {
  readonly name: string;
  /** `21</path>, ...` up to what the trace shows. */
  readonly text: string;
}

/** Reads a trace from first line to last. */
export function checkTrace(trace: string): TraceReport {
  const sent: string[] = [];
  const early: string[] = [];
  let syncs = 0;
  /** Pages written to the log since it was last durable. */
  const pending = new Set<string>();
  const durable: string[] = [];
  const unfinished = new Map<string, { call: Call; pages: ReadonlySet<string> }>();

  const begin = ({ name, text }: Call): void => {
    if (!SENDS.has(name) || LOG_FILE.test(target(text))) return;
    for (const [, id = ''] of text.matchAll(ORDER_ID)) {
      sent.push(id);
      if (!durable.some((page) => page.includes(id))) early.push(id);
    }
  };
  const end = ({ name, text }: Call, pages: ReadonlySet<string>, result: string): void => {
    if (!LOG_FILE.test(target(text))) return;
    if (WRITES.has(name) && !result.startsWith('-')) pending.add(text);
    if (!SYNCS.has(name) || result !== '0') return;
    syncs += 1;
    // What was written while the call was under way may have missed it.
    for (const page of pages) {
      durable.push(page);
      pending.delete(page);
    }
  };

  for (const line of trace.split('\n')) {
    const [, pid = '', rest = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    const resumed = /^<\.\.\. (\w+) resumed>.*\)\s+= (\S+)/.exec(rest);
    const whole = /^(\w+)\((.*)\)\s+= (\S+)/.exec(rest);
    const started = /^(\w+)\((.*) <unfinished \.\.\.>$/.exec(rest);
    if (resumed) {
      const known = unfinished.get(pid);
      unfinished.delete(pid);
      if (known && known.call.name === resumed[1]) end(known.call, known.pages, resumed[2] ?? '');
    } else if (whole) {
      const call = { name: whole[1] ?? '', text: whole[2] ?? '' };
      begin(call);
      end(call, new Set(pending), whole[3] ?? '');
    } else if (started) {
      const call = { name: started[1] ?? '', text: started[2] ?? '' };
      begin(call);
      unfinished.set(pid, { call, pages: new Set(pending) });
    }
  }
  return { sent, early, syncs };
}

/** The file or socket of a call. */
const target = (text: string): string => text.slice(0, text.indexOf('>') + 1);
