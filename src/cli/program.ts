/**
 * The command line: what there is and what it is called. Loads commander only; each command is imported when it runs,
 * so that help is instant. Entry points: `runProgram`, `buildProgram`.
 */
import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { Route } from '../kernel/ids.ts';
import type { Context, Io } from './context.ts';
import { CommandFailure, EXIT, type ExitCode, exitCodeHelp } from './exit-codes.ts';

type Act = (context: Context) => Promise<ExitCode>;

const MAX_WAIT_SECONDS = 3_600;

/** `args` without the interpreter and the script. Returns the exit code; throws for bugs only. */
export async function runProgram(args: readonly string[], io: Io): Promise<ExitCode> {
  let exit: ExitCode = EXIT.ok;
  const program = buildProgram(io, (code) => {
    exit = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exit;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const { explain } = await import('./explain.ts');
    const told = explain(error);
    if (!told) throw error;
    io.err(`tandem: ${told.message}\n`);
    return told.exitCode;
  }
}

/** `done` is told the exit code of the command that ran. */
export function buildProgram(io: Io, done: (code: ExitCode) => void): Command {
  const program = new Command('tandem')
    .description('Funding-carry bot: opens, holds and closes hedged perpetual pairs across venues.')
    .version(version())
    .option('-c, --config <file>', 'configuration file', process.env.TANDEM_CONFIG ?? 'config/sim.yaml')
    .option('--json', 'print JSON (every command that reads)', false)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .exitOverride()
    .showHelpAfterError('(tandem --help lists the commands)')
    .addHelpText('after', exitCodeHelp());
  const act = (run: Act) => async (): Promise<void> => {
    const { config, json } = program.opts<{ config: string; json: boolean }>();
    done(await run({ io, configFile: config, json }));
  };
  addRunning(program, act);
  addReading(program, act);
  addActing(program, act);
  addUpkeep(program, act);
  return program;
}

type Wrap = (run: Act) => () => Promise<void>;

function addRunning(program: Command, act: Wrap): void {
  program
    .command('run')
    .description('run the bot in the foreground; Ctrl-C stops it, hedges stay')
    .action(act(async (context) => (await import('./commands/run.ts')).run(context)));
}

function addReading(program: Command, act: Wrap): void {
  program
    .command('status')
    .description('the running bot at a glance')
    .action(act(async (context) => (await import('./commands/status.ts')).status(context)));
  program
    .command('opportunities')
    .description('ranked opportunities and what became of them')
    .action(act(async (context) => (await import('./commands/opportunities.ts')).opportunities(context)));
  program
    .command('why <asset>')
    .description('which candidates of an asset were seen, and which rule refused each')
    .action((asset: string) => act(async (context) => (await import('./commands/why.ts')).why(context, asset))());
  program
    .command('hedges')
    .description('all hedges of the ledger, newest first')
    .option('--open', 'only those that are not closed or aborted', false)
    .option('--limit <count>', 'at most this many', wholeUpTo(100_000), 20)
    .action((options: { open: boolean; limit: number }) =>
      act(async (context) => (await import('./commands/hedges.ts')).hedges(context, options))(),
    );
  program
    .command('hedge <id>')
    .description('the whole life of one hedge, from the ledger')
    .action((id: string) => act(async (context) => (await import('./commands/hedge.ts')).hedge(context, id))());
}

function addActing(program: Command, act: Wrap): void {
  const waiting = (command: Command): Command =>
    command.option('--wait <seconds>', 'longest wait for positions to be flat', wholeUpTo(MAX_WAIT_SECONDS), 30);
  program
    .command('pause')
    .description('open nothing; what is open is managed to its end (recorded for the next start if no bot runs)')
    .action(act(async (context) => (await import('./commands/pause.ts')).pause(context)));
  program
    .command('resume')
    .description('end a pause')
    .action(act(async (context) => (await import('./commands/pause.ts')).resume(context)));
  program
    .command('accept <venue>')
    .description('show what ledger and venue disagree about; with --note, take the venue’s word for it')
    .addOption(new Option('--route <route>', 'which account, where the venue has both').choices(['live', 'paper']))
    .option('--note <why>', 'why the venue is right, for the record')
    .action((venue: string, options: { route?: Route; note?: string }) =>
      act(async (context) => (await import('./commands/accept.ts')).accept(context, venue, options))(),
    );
  const breakers = program
    .command('breakers')
    .description('every breaker with its limit and what is measured (without a bot: those tripped in the ledger)')
    .action(act(async (context) => (await import('./commands/breakers.ts')).breakers(context)));
  breakers
    .command('reset <name>')
    .description('let a tripped breaker open again: error_rate/live/okx, or error_rate for all of that name')
    .action((name: string) =>
      act(async (context) => (await import('./commands/breakers.ts')).resetBreaker(context, name))(),
    );
  waiting(program.command('close <hedge>'))
    .description('close one hedge and say what became of it')
    .action((hedge: string, { wait }: { wait: number }) =>
      act(async (context) => (await import('./commands/close.ts')).close(context, hedge, wait))(),
    );
  waiting(program.command('flatten'))
    .description('close every hedge, pause openings until `resume`, and say what became of them')
    .action(({ wait }: { wait: number }) =>
      act(async (context) => (await import('./commands/close.ts')).flatten(context, wait))(),
    );
  waiting(program.command('kill'))
    .description('latch the kill switch: close everything, open nothing (recorded for the next start if no bot runs)')
    .option('--reset', 'release the latch', false)
    .action(({ wait, reset }: { wait: number; reset: boolean }) =>
      act(async (context) => {
        const commands = await import('./commands/kill.ts');
        return reset ? commands.resetKill(context) : commands.kill(context, wait);
      })(),
    );
}

function addUpkeep(program: Command, act: Wrap): void {
  const ledger = program.command('ledger').description('the ledger file');
  ledger
    .command('verify')
    .description('refold every fact and compare; changes nothing')
    .action(act(async (context) => (await import('./commands/ledger.ts')).verify(context)));
  ledger
    .command('backup <file>')
    .description('copy the ledger whole, also beside a running bot; never over another file')
    .action((file: string) => act(async (context) => (await import('./commands/ledger.ts')).backup(context, file))());
  const config = program.command('config').description('the configuration file');
  config
    .command('check')
    .description('every problem, with its line')
    .action(act(async (context) => (await import('./commands/config.ts')).check(context)));
  config
    .command('show')
    .description('what the file means, with every default filled in')
    .action(act(async (context) => (await import('./commands/config.ts')).show(context)));
  config
    .command('schema')
    .description('the JSON Schema that editors use')
    .action(act(async (context) => (await import('./commands/config.ts')).schema(context)));
  program
    .command('doctor')
    .description('check configuration, keys, clock, venues and ledger; places nothing')
    .action(act(async (context) => (await import('./commands/doctor.ts')).doctor(context)));
}

function wholeUpTo(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value <= most) return value;
    throw new InvalidArgumentError(`It should be a whole number up to ${most}.`);
  };
}

/** The same file from `src/cli` and from `dist/cli`. */
function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version: found } = JSON.parse(text) as { readonly version?: unknown };
  if (typeof found !== 'string') throw new CommandFailure(EXIT.failed, 'package.json has no version');
  return found;
}
