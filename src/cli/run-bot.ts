/**
 * The life of the process around one running bot: start, control socket, screen, signals, fatal errors, clean stop.
 * Everything that ends it comes through one promise, so that it ends once. Entry point: `runBot`.
 */
import { opensNothing } from '../config/idle.ts';
import type { Config } from '../config/schema.ts';
import type { Logger } from '../platform/logger.ts';
import type { Clock } from '../ports/clock.ts';
import { tandemFor } from './command-line.ts';
import type { RunningBot } from './compose.ts';
import type { Io } from './context.ts';
import { serveControl } from './control-server.ts';
import { controlSocketPath } from './control-socket.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { inert } from './format.ts';
import { type Painter, startPainter } from './painter.ts';
import { renderStatus } from './screen.ts';
import type { ScreenLog } from './screen-log.ts';
import type { StartOptions } from './start-options.ts';

export interface RunInput {
  readonly config: Config;
  readonly configText: string;
  readonly configFile: string;
  readonly io: Io;
  readonly log: Logger;
  /** Present on a terminal: then the status screen is shown. */
  readonly screenLog?: ScreenLog;
}

/** The process and what it starts, replaceable in tests. */
export interface RunHost {
  startBot(options: StartOptions): Promise<RunningBot>;
  /** Wall pace. */
  readonly clock: Clock;
  readonly process: Pick<NodeJS.Process, 'on' | 'off' | 'send'>;
  /** Rejections that ccxt leaves behind when a stream fails: its own loop deals with those. */
  isStreamRejection(reason: unknown): boolean;
  /** At once, without a clean stop. */
  exit(code: ExitCode): void;
}

type End =
  | { readonly kind: 'signal'; readonly name: string }
  | { readonly kind: 'done'; readonly result: Awaited<RunningBot['done']> }
  | { readonly kind: 'failed'; readonly error: unknown };

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const DEBUG_SIGNAL = 'SIGUSR1';

/** Runs until a signal, the end of a replay or a fatal error. Throws what `startBot` throws. */
export async function runBot(input: RunInput, host: RunHost): Promise<ExitCode> {
  const { log, io } = input;
  let end: (how: End) => void = () => undefined;
  const ended = new Promise<End>((settle) => {
    end = settle;
  });
  const screen: { painter?: Painter } = {};
  const release = watchProcess(input, host, screen, (how) => end(how));
  try {
    const { config, configText, configFile } = input;
    const bot = await host.startBot({ config, configText, configFile, log, env: io.env });
    const failures: unknown[] = [];
    bot.done.then(
      (result) => end({ kind: 'done', result }),
      (error: unknown) => {
        failures.push(error);
        end({ kind: 'failed', error });
      },
    );
    const code = await live(input, host, bot, screen, ended);
    if (code !== EXIT.ok || failures.length === 0) return code;
    log.fatal({ error: failures[0] }, 'a bug while it was stopping; the next start reconciles with the venues');
    return EXIT.failed;
  } finally {
    screen.painter?.stop();
    release();
    log.flush();
  }
}

async function live(
  input: RunInput,
  host: RunHost,
  bot: RunningBot,
  screen: { painter?: Painter },
  ended: Promise<End>,
): Promise<ExitCode> {
  const { config, configFile, log } = input;
  const { clock } = host;
  let code: ExitCode = EXIT.failed;
  try {
    const control = await serveControl({ path: controlSocketPath(config), bot, whom: config, clock, log });
    try {
      log.info({ mode: config.mode, account: config.account, socket: control.path }, 'started');
      const painter = showStatus(input, host, bot);
      if (painter) screen.painter = painter;
      // pm2 waits for this word before it counts the start as done.
      bot.ready.then(
        () => {
          const waiting = notReady(bot);
          const { killed, paused } = bot.status();
          if (killed) log.warn({}, `running, but KILLED: it only closes, until ${tandemFor(configFile)} kill --reset`);
          else if (paused) log.warn({}, `running, but PAUSED: it opens nothing, until ${tandemFor(configFile)} resume`);
          if (waiting.length === 0 && !killed && !paused) log.info({}, 'ready: trading');
          else if (waiting.length > 0) log.warn({ waiting }, 'running, but these accounts open nothing yet');
          const idle = opensNothing(config);
          if (idle !== undefined) log.warn({ idle }, 'this configuration opens nothing');
          host.process.send?.('ready');
        },
        (error: unknown) => log.error({ error }, 'not ready'),
      );
      code = conclude(input, screen, await ended);
    } finally {
      await control.close();
    }
  } finally {
    const left = await bot.stop();
    const { ledgerFailure } = bot.status();
    if (left.length > 0)
      log.warn({ left }, 'stopped with work under way; start again soon, the next start goes on with it');
    if (ledgerFailure !== undefined) {
      log.error({ ledgerFailure }, UNWRITTEN);
      say(input, `tandem: ${UNWRITTEN}\n`);
      if (code === EXIT.ok) code = EXIT.ledgerBusy;
    } else if (left.length === 0) log.info({}, 'stopped; what was held stays');
  }
  return code;
}

const UNWRITTEN =
  'stopped while the ledger could not be written: orders and commands since then, a kill too, are not in it; the next start asks the venues what is open, and has to be given the commands again';

const notReady = (bot: RunningBot): string[] =>
  bot
    .status()
    .venues.flatMap(({ venue, accounts }) =>
      accounts.filter(({ status }) => status !== 'ready').map(({ route, blocked }) => `${route}|${venue}: ${blocked}`),
    );

function conclude(input: RunInput, screen: { painter?: Painter }, end: End): ExitCode {
  const { io, log } = input;
  screen.painter?.stop();
  switch (end.kind) {
    case 'signal':
      log.info({ signal: end.name }, 'stopping');
      return EXIT.ok;
    case 'done': {
      const { reason, reportPath, reportText, failed } = end.result;
      log.info({ reason, report: reportPath }, 'finished');
      if (reportText !== undefined) io.out(`${reportText.trimEnd()}\n`);
      if (reportPath !== undefined) io.out(`Report: ${reportPath}\n`);
      return failed ? EXIT.failed : EXIT.ok;
    }
    case 'failed':
      log.fatal({ error: end.error }, 'the bot cannot go on; the next start reconciles with the venues');
      say(input, `tandem: ${inert(messageOf(end.error))}\n`);
      return EXIT.failed;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function showStatus({ io, configFile, screenLog }: RunInput, { clock }: RunHost, bot: RunningBot): Painter | undefined {
  if (!screenLog) return undefined;
  const footer = `Ctrl-C stops, hedges stay · log: ${screenLog.file} · commands: ${tandemFor(configFile)} ...`;
  return startPainter({
    write: io.paint,
    clock,
    render: () =>
      renderStatus(bot.status(), {
        ...io.size(),
        color: io.color,
        notices: screenLog.notices(),
        configFile,
        footer,
      }),
  });
}

/** While hedges may be under way no terminal is waited for. */
function say({ io, screenLog }: RunInput, text: string): void {
  if (screenLog) io.paint(text);
  else io.err(text);
}

/** One Ctrl-C under npm comes twice: from the terminal and from npm. */
const ONE_STOP_MS = 1_000;

/** Signals and last-resort errors; the returned function takes the handlers away. */
function watchProcess(
  input: RunInput,
  host: RunHost,
  screen: { painter?: Painter },
  end: (how: End) => void,
): () => void {
  const { log } = input;
  let stoppingMs: number | undefined;
  const onSignal = (name: NodeJS.Signals): void => {
    const nowMs = host.clock.monotonicMs();
    if (stoppingMs !== undefined) {
      if (nowMs - stoppingMs < ONE_STOP_MS) return;
      log.fatal({ signal: name }, 'forced to stop; the next start reconciles with the venues');
      screen.painter?.stop();
      log.flush();
      host.exit(EXIT.failed);
      return;
    }
    stoppingMs = nowMs;
    screen.painter?.stop();
    say(input, `tandem: ${name}: stopping, hedges stay; once more to force\n`);
    end({ kind: 'signal', name });
  };
  const die = (error: unknown, what: string): void => {
    // The state of the process is unknown now; recovery is what starting is for.
    log.fatal({ error }, what);
    screen.painter?.stop();
    log.flush();
    host.exit(EXIT.failed);
  };
  const onException = (error: unknown): void => die(error, 'uncaught exception');
  const onRejection = (reason: unknown): void => {
    if (host.isStreamRejection(reason)) log.debug({ error: reason }, 'a venue stream failed; it is being reopened');
    else die(reason, 'unhandled rejection');
  };
  // Node would open a debugger for everybody on this machine, and whoever attaches to it reads the keys.
  const onDebug = (): void => log.warn({ signal: DEBUG_SIGNAL }, 'ignored: no debugger is opened');
  host.process.on(DEBUG_SIGNAL, onDebug);
  for (const signal of SIGNALS) host.process.on(signal, onSignal);
  host.process.on('uncaughtException', onException);
  host.process.on('unhandledRejection', onRejection);
  return () => {
    host.process.off(DEBUG_SIGNAL, onDebug);
    for (const signal of SIGNALS) host.process.off(signal, onSignal);
    host.process.off('uncaughtException', onException);
    host.process.off('unhandledRejection', onRejection);
  };
}
